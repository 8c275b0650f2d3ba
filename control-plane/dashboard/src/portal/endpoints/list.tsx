import { Button, Paper, Select, Stack, Title } from "@mantine/core";
import { useDisclosure, useIntersection } from "@mantine/hooks";
import { IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { ProjectDocument } from "../../api/schema";
import { Failure } from "../../ui/failure";
import { PageButton, PageLink } from "../../ui/link";
import { Empty, Loading, Page } from "../../ui/page";
import { useOrganization } from "../organization";
import { projectsQuery } from "../projects/reads";
import { CreateEndpoint } from "./create";
import { EndpointRows } from "./of-project";

/** Webhook URLs of every project. */
export function EndpointsPage() {
  const { t } = useTranslation();
  const { org, governs } = useOrganization();
  const { project: chosen } = useSearch({ from: "/signed-in/o/$org/endpoints" });
  const navigate = useNavigate();
  const [isMaking, { open, close }] = useDisclosure(false);
  const projects = useQuery(projectsQuery(org));
  const shown = projects.data?.filter(({ id }) => !chosen || id === chosen) ?? [];
  const make = governs && (
    <Button leftSection={<IconPlus size={18} aria-hidden />} onClick={open}>
      {t("endpoints.create")}
    </Button>
  );
  return (
    <Page title={t("endpoints.title")} aside={projects.data?.length ? make : null}>
      {projects.error && <Failure error={projects.error} retry={() => void projects.refetch()} />}
      {!projects.data ? (
        projects.isPending && <Loading rows={3} height={110} />
      ) : projects.data.length === 0 ? (
        <Empty
          title={t("endpoints.noProject")}
          action={
            <PageButton to="/o/$org/projects" params={{ org }}>
              {t("projects.title")}
            </PageButton>
          }
        >
          {t("endpoints.noProjectHint")}
        </Empty>
      ) : (
        <>
          {projects.data.length > 1 && (
            <Select
              aria-label={t("endpoints.project")}
              placeholder={t("endpoints.allProjects")}
              data={projects.data.map(({ id, slug }) => ({ value: id, label: slug }))}
              value={chosen ?? null}
              onChange={(project) =>
                void navigate({ to: "/o/$org/endpoints", params: { org }, search: project ? { project } : {} })
              }
              clearable
              clearButtonProps={{ "aria-label": t("endpoints.allProjects") }}
              searchable
              maw={320}
            />
          )}
          {shown.map((project) => (
            <ProjectPart key={project.id} org={org} project={project} />
          ))}
        </>
      )}
      {isMaking && <CreateEndpoint org={org} {...(chosen ? { project: chosen } : {})} close={close} />}
    </Page>
  );
}

/** Read once it comes into sight: there may be many projects. */
function ProjectPart({ org, project }: { org: string; project: ProjectDocument }) {
  const { ref, entry } = useIntersection({ rootMargin: "200px" });
  const [wasSeen, setSeen] = useState(false);
  useEffect(() => {
    if (entry?.isIntersecting) {
      setSeen(true);
    }
  }, [entry]);
  return (
    <Paper component="section" withBorder p={{ base: "md", sm: "lg" }} ref={ref}>
      <Stack gap="sm">
        <Title order={2} size="h4">
          <PageLink
            to="/o/$org/projects/$id"
            params={{ org, id: project.id }}
            inherit
            className="inert"
            c="var(--chosen)"
          >
            {project.slug}
          </PageLink>
        </Title>
        {wasSeen ? <EndpointRows org={org} project={project.id} /> : <Loading rows={2} height={48} />}
      </Stack>
    </Paper>
  );
}
