import { Page } from "../../ui/page";

export function PhonesPage() {
  return <Page title="PhonesPage">{null}</Page>;
}
