import { Page } from "../../ui/page";

export function SignInPage() {
  return <Page title="SignInPage">{null}</Page>;
}
