import { Page } from "../../ui/page";

export function FiguresPage() {
  return <Page title="FiguresPage">{null}</Page>;
}
