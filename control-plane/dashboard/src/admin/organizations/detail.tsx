import { Page } from "../../ui/page";

export function OrganizationPage() {
  return <Page title="OrganizationPage">{null}</Page>;
}
