import { Page } from "../../ui/page";

export function WelcomePage() {
  return <Page title="WelcomePage">{null}</Page>;
}
