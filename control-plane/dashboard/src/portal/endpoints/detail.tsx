import { Page } from "../../ui/page";

export function EndpointPage() {
  return <Page title="EndpointPage">{null}</Page>;
}
