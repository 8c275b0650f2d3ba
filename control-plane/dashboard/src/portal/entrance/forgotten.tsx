import { Page } from "../../ui/page";

export function ForgottenPage() {
  return <Page title="ForgottenPage">{null}</Page>;
}
