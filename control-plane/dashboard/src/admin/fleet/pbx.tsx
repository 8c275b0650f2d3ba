import { Page } from "../../ui/page";

export function PbxPage() {
  return <Page title="PbxPage">{null}</Page>;
}
