import { Page } from "../../ui/page";

export function AlertPage() {
  return <Page title="AlertPage">{null}</Page>;
}
