import { Page } from "../../ui/page";

export function InvitePage() {
  return <Page title="InvitePage">{null}</Page>;
}
