import { Page } from "../../ui/page";

export function OrganizationsPage() {
  return <Page title="OrganizationsPage">{null}</Page>;
}
