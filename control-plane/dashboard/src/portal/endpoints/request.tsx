import { Page } from "../../ui/page";

export function RequestPage() {
  return <Page title="RequestPage">{null}</Page>;
}
