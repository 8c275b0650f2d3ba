import { Page } from "../../ui/page";

export function CallsPage() {
  return <Page title="CallsPage">{null}</Page>;
}
