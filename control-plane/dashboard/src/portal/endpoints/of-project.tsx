import { Anchor, Badge, Button, Group, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconKey, IconPlus } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { EndpointDocument, ProjectDocument } from "../../api/schema";
import { Copy } from "../../ui/copy";
import { Failure } from "../../ui/failure";
import { PageLink } from "../../ui/link";
import { Loading } from "../../ui/page";
import { Section } from "../../ui/section";
import { CreateEndpoint } from "./create";
import { endpointsQuery } from "./reads";

/** The endpoints of a project on its own page. */
export function EndpointsOfProject({ org, project }: { org: string; project: ProjectDocument }) {
  const { t } = useTranslation();
  const [isMaking, { open, close }] = useDisclosure(false);
  return (
    <Section
      title={t("projects.endpoints")}
      hint={t("projects.endpointsHint")}
      aside={
        <Button variant="default" leftSection={<IconPlus size={18} aria-hidden />} onClick={open}>
          {t("endpoints.create")}
        </Button>
      }
    >
      <EndpointRows org={org} project={project.id} />
      {isMaking && <CreateEndpoint org={org} project={project.id} close={close} />}
    </Section>
  );
}

export function EndpointRows({ org, project }: { org: string; project: string }) {
  const { t } = useTranslation();
  const read = useInfiniteQuery(endpointsQuery(org, project));
  const failure = read.error && <Failure error={read.error} retry={() => void read.refetch()} />;
  if (!read.data) {
    return failure ?? <Loading rows={2} height={48} />;
  }
  const endpoints = read.data.pages.flatMap(({ items }) => items);
  if (endpoints.length === 0) {
    return (
      <>
        {failure}
        <Text size="sm" c="dimmed">
          {t("projects.noEndpoints")}
        </Text>
      </>
    );
  }
  return (
    <Stack gap="sm">
      {failure}
      <Stack gap="sm" component="ul" p={0} m={0}>
        {endpoints.map((endpoint) => (
          <EndpointRow key={endpoint.id} org={org} endpoint={endpoint} />
        ))}
      </Stack>
      {read.hasNextPage && (
        <Anchor
          component="button"
          type="button"
          size="sm"
          c="var(--chosen)"
          onClick={() => void read.fetchNextPage()}
          disabled={read.isFetchingNextPage}
        >
          {t("endpoints.more")}
        </Anchor>
      )}
    </Stack>
  );
}

function EndpointRow({ org, endpoint }: { org: string; endpoint: EndpointDocument }) {
  const { t } = useTranslation();
  const name = endpoint.name || t("endpoints.unnamed");
  return (
    <Group component="li" justify="space-between" gap="sm" wrap="nowrap">
      <Stack gap={2} miw={0}>
        <Group gap="xs">
          <PageLink
            to="/o/$org/endpoints/$id"
            params={{ org, id: endpoint.id }}
            search={{}}
            fw={600}
            className="inert"
            c="var(--chosen)"
          >
            {name}
          </PageLink>
          {endpoint.has_alert_key && (
            <Badge variant="outline" color="gray" tt="none" size="sm" leftSection={<IconKey size={12} aria-hidden />}>
              {t("endpoints.key.title")}
            </Badge>
          )}
        </Group>
        <Text size="sm" c="dimmed" className="inert">
          {endpoint.scenario ? `${t("endpoints.scenario")}: ${endpoint.scenario}` : t("endpoints.noScenario")}
        </Text>
      </Stack>
      <Copy value={endpoint.url} label={`${t("common.copy")}: ${t("endpoints.send.url")} · ${name}`} />
    </Group>
  );
}
