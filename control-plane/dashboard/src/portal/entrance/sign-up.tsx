import { Page } from "../../ui/page";

export function SignUpPage() {
  return <Page title="SignUpPage">{null}</Page>;
}
