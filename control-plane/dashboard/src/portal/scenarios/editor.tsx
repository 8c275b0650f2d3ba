import { Page } from "../../ui/page";

export function ScenarioPage() {
  return <Page title="ScenarioPage">{null}</Page>;
}
