import { Page } from "../../ui/page";

export function LettersPage() {
  return <Page title="LettersPage">{null}</Page>;
}
