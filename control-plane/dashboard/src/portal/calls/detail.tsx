import { Page } from "../../ui/page";

export function CallPage() {
  return <Page title="CallPage">{null}</Page>;
}
