import { Page } from "../../ui/page";

export function AbusePage() {
  return <Page title="AbusePage">{null}</Page>;
}
