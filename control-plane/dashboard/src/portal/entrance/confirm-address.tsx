import { Page } from "../../ui/page";

export function ConfirmAddressPage() {
  return <Page title="ConfirmAddressPage">{null}</Page>;
}
