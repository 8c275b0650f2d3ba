import { Page } from "../../ui/page";

export function SecurityPage() {
  return <Page title="SecurityPage">{null}</Page>;
}
