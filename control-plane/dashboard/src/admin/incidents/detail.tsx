import { Page } from "../../ui/page";

export function IncidentPage() {
  return <Page title="IncidentPage">{null}</Page>;
}
