import "./scenarios.css";
import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Failure } from "../../ui/failure";
import { Loading, Page } from "../../ui/page";
import { useOrganization } from "../organization";
import { projectQuery } from "../projects/reads";
import { scenarioQuery } from "./reads";
import { Workbench } from "./workbench";

export function ScenarioPage() {
  const { t } = useTranslation();
  const { org } = useOrganization();
  const { id: project = "", name = "" } = useParams({ strict: false });
  const place = useMemo(() => ({ org, project, name }), [org, project, name]);
  const parent = useQuery(projectQuery(org, project));
  const scenario = useQuery(scenarioQuery(org, project, name));
  const failed = parent.error ?? scenario.error;
  if (parent.data && scenario.data !== undefined) {
    // Another scenario is another workbench, with edits of its own.
    return <Workbench key={`${org} ${project} ${name}`} place={place} stored={scenario.data} project={parent.data} />;
  }
  return (
    <Page title={t("scenarios.title", { name })}>
      {failed ? <Failure error={failed} retry={() => void scenario.refetch()} /> : <Loading rows={4} height={120} />}
    </Page>
  );
}
