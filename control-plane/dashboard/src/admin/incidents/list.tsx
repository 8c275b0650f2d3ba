import { Page } from "../../ui/page";

export function IncidentsPage() {
  return <Page title="IncidentsPage">{null}</Page>;
}
