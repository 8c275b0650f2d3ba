import { Page } from "../../ui/page";

export function HistoryPage() {
  return <Page title="HistoryPage">{null}</Page>;
}
