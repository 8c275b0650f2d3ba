import { Page } from "../../ui/page";

export function LiveCallsPage() {
  return <Page title="LiveCallsPage">{null}</Page>;
}
