import { Alert, Button, Group, SimpleGrid, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconPlus, IconUser } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { MemberDocument, ProjectDocument } from "../../api/schema";
import { Failure } from "../../ui/failure";
import { PageLink } from "../../ui/link";
import { Empty, Loading, Page } from "../../ui/page";
import { Card } from "../../ui/rare/card";
import { useOrganization } from "../organization";
import { CreateProject } from "./create";
import { PolicyWords } from "./policy-words";
import { nameOf, peopleQuery, projectsQuery } from "./reads";

export function ProjectsPage() {
  const { t } = useTranslation();
  const { org, governs } = useOrganization();
  const [isMaking, { open, close }] = useDisclosure(false);
  const projects = useQuery(projectsQuery(org));
  const people = useQuery(peopleQuery(org));
  const make = governs && (
    <Button leftSection={<IconPlus size={18} aria-hidden />} onClick={open}>
      {t("projects.create")}
    </Button>
  );
  const primaryOf = (project: ProjectDocument) =>
    people.data?.find((person) => person.account_id === project.primary_account_id);
  return (
    <Page title={t("projects.title")} aside={projects.data?.length ? make : null}>
      {projects.error && <Failure error={projects.error} retry={() => void projects.refetch()} />}
      {!projects.data ? (
        projects.isPending && <Loading rows={3} height={150} />
      ) : projects.data.length === 0 ? (
        <Empty title={t("projects.none")} action={make}>
          {t("projects.noneHint")}
        </Empty>
      ) : (
        <SimpleGrid cols={{ base: 1, md: 2 }} component="ul" p={0} m={0}>
          {projects.data.map((project) => (
            <ProjectCard key={project.id} org={org} project={project} primary={primaryOf(project)} />
          ))}
        </SimpleGrid>
      )}
      {isMaking && <CreateProject org={org} close={close} />}
    </Page>
  );
}

function ProjectCard({
  org,
  project,
  primary,
}: {
  org: string;
  project: ProjectDocument;
  primary: MemberDocument | undefined;
}) {
  const { t } = useTranslation();
  const who = primary ? nameOf(primary) : (project.primary_email ?? "…");
  return (
    <Card component="li" withBorder padding="md">
      <Stack gap="xs">
        <PageLink
          to="/o/$org/projects/$id"
          params={{ org, id: project.id }}
          fw={700}
          size="lg"
          className="inert"
          c="var(--chosen)"
        >
          {project.slug}
        </PageLink>
        <Group gap={6} wrap="nowrap">
          <IconUser size={16} aria-hidden />
          <Text size="sm" fw={600} className="inert">
            {t("projects.primaryOf", { who })}
          </Text>
        </Group>
        {primary?.reachable === false && <UnreachablePrimary org={org} />}
        <PolicyWords policy={project.policy} />
      </Stack>
    </Card>
  );
}

/** An alert that rings nobody is the worst that can happen. */
export function UnreachablePrimary({ org }: { org: string }) {
  const { t } = useTranslation();
  return (
    <Alert color="red" variant="outline" p="sm">
      <Text size="sm">{t("projects.unreachablePrimary")}</Text>
      <PageLink to="/o/$org/team" params={{ org }} size="sm" c="var(--chosen)">
        {t("projects.toTeam")}
      </PageLink>
    </Alert>
  );
}
