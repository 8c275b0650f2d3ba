import { Button, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { notifications } from "@mantine/notifications";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api, take } from "../../api/client";
import type { ProjectChange, ProjectDocument } from "../../api/schema";
import { Confirm } from "../../ui/confirm";
import { Failure } from "../../ui/failure";
import { Loading, Page } from "../../ui/page";
import { Section } from "../../ui/section";
import { EndpointsOfProject } from "../endpoints/of-project";
import { useOrganization } from "../organization";
import { UnreachablePrimary } from "./list";
import { PolicyForm } from "./policy-form";
import { peopleQuery, projectQuery } from "./reads";
import { ScenariosOfProject } from "./scenarios";
import { SettingsForm } from "./settings-form";

export function ProjectPage() {
  const { t } = useTranslation();
  const { org, governs } = useOrganization();
  const { id = "" } = useParams({ strict: false });
  const project = useQuery(projectQuery(org, id));
  const people = useQuery(peopleQuery(org));
  const queries = useQueryClient();
  const failure = project.error && <Failure error={project.error} retry={() => void project.refetch()} />;
  if (!project.data) {
    return <Page title={t("projects.title")}>{failure ?? <Loading rows={4} height={120} />}</Page>;
  }
  const { queryKey } = projectQuery(org, id);
  const change = async (body: ProjectChange) => {
    // What was asked before the write may be answered after it, with what is no more.
    await queries.cancelQueries({ queryKey });
    const changed = await take(
      api.PATCH("/api/v1/projects/{id}", { params: { path: { id }, query: { org } }, body }),
    );
    await queries.cancelQueries({ queryKey });
    queries.setQueryData(queryKey, changed);
    await queries.invalidateQueries({ queryKey: ["projects", org] });
  };
  const primary = people.data?.find((person) => person.account_id === project.data.primary_account_id);
  return (
    <Page title={t("projects.one", { slug: project.data.slug })}>
      {failure}
      {primary?.reachable === false && <UnreachablePrimary org={org} />}
      <SettingsForm
        key={`${project.data.slug} ${project.data.primary_account_id}`}
        org={org}
        project={project.data}
        save={change}
        readOnly={!governs}
      />
      {governs && <EndpointsOfProject org={org} project={project.data} />}
      <ScenariosOfProject org={org} project={project.data} governs={governs} />
      <PolicyForm project={project.data} save={(policy) => change({ policy })} readOnly={!governs} />
      {governs && <RemoveProject org={org} project={project.data} />}
    </Page>
  );
}

function RemoveProject({ org, project }: { org: string; project: ProjectDocument }) {
  const { t } = useTranslation();
  const [isAsking, { open, close }] = useDisclosure(false);
  const navigate = useNavigate();
  const queries = useQueryClient();
  const remove = async () => {
    await take(api.DELETE("/api/v1/projects/{id}", { params: { path: { id: project.id }, query: { org } } }));
    notifications.show({ message: t("projects.remove.gone", { slug: project.slug }), color: "teal" });
    await queries.invalidateQueries({ queryKey: ["projects", org] });
    await navigate({ to: "/o/$org/projects", params: { org } });
  };
  return (
    <Section title={t("projects.remove.title")} hint={t("projects.remove.hint")} danger>
      <Stack align="flex-start">
        <Button color="red.8" onClick={open}>
          {t("projects.remove.title")}
        </Button>
      </Stack>
      {isAsking && (
        <Confirm
          title={t("projects.remove.ask", { slug: project.slug })}
          action={t("projects.remove.go")}
          type={{ label: t("projects.remove.type", { slug: project.slug }), word: project.slug }}
          does={remove}
          close={close}
        >
          <Text size="sm">{t("projects.remove.hint")}</Text>
        </Confirm>
      )}
    </Section>
  );
}
