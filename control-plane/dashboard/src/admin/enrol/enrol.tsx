import { Page } from "../../ui/page";

export function EnrolPage() {
  return <Page title="EnrolPage">{null}</Page>;
}
