import { Page } from "../../ui/page";

export function DoNotCallPage() {
  return <Page title="DoNotCallPage">{null}</Page>;
}
