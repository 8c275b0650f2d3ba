import { Page } from "../../ui/page";

export function FleetPage() {
  return <Page title="FleetPage">{null}</Page>;
}
