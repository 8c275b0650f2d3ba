import { Page } from "../../ui/page";

export function ProjectsPage() {
  return <Page title="ProjectsPage">{null}</Page>;
}
