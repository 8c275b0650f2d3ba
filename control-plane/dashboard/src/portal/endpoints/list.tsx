import { Page } from "../../ui/page";

export function EndpointsPage() {
  return <Page title="EndpointsPage">{null}</Page>;
}
