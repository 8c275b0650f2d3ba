import { Page } from "../../ui/page";

export function ProjectPage() {
  return <Page title="ProjectPage">{null}</Page>;
}
