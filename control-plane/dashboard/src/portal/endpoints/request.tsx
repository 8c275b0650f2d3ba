import { Button, Group, SimpleGrid, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconRepeat } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { RequestDetail } from "../../api/schema";
import { Failure } from "../../ui/failure";
import { Json } from "../../ui/json";
import { PageLink } from "../../ui/link";
import { SeverityMark } from "../../ui/marks";
import { Loading, Page } from "../../ui/page";
import { Table } from "../../ui/rare/table";
import { Section } from "../../ui/section";
import { sizeOf } from "../../ui/size";
import { Time } from "../../ui/time";
import { visible } from "../../ui/visible";
import { useOrganization } from "../organization";
import { doneWords } from "../scenarios/words";
import { MakeRule } from "./make-rule";
import { Payload } from "./payload";
import { requestQuery } from "./reads";
import { Replay } from "./replay";

export function RequestPage() {
  const { t } = useTranslation();
  const { org, governs } = useOrganization();
  const { id = "" } = useParams({ strict: false });
  const read = useQuery(requestQuery(org, id));
  const [isReplaying, { open, close }] = useDisclosure(false);
  const failure = read.error && <Failure error={read.error} retry={() => void read.refetch()} />;
  if (!read.data) {
    return <Page title={t("endpoints.request.title")}>{failure ?? <Loading rows={4} height={120} />}</Page>;
  }
  const request = read.data;
  return (
    <Page
      title={t("endpoints.request.title")}
      aside={
        <Group gap="sm">
          <MakeRule org={org} request={request} governs={governs} />
          {governs && (
            <Button variant="default" leftSection={<IconRepeat size={18} aria-hidden />} onClick={open}>
              {t("endpoints.replay.go")}
            </Button>
          )}
        </Group>
      }
    >
      {failure}
      <Overview org={org} request={request} />
      <Payload request={request} />
      <Section title={t("endpoints.request.read")}>
        {request.fields == null ? (
          <Text size="sm">{t("endpoints.request.tooMuch")}</Text>
        ) : (
          <Json value={request.fields} label={t("endpoints.request.read")} />
        )}
      </Section>
      <Section title={t("endpoints.request.answer")}>
        <Json value={request.answer} label={t("endpoints.request.answer")} />
      </Section>
      <Headers request={request} />
      {isReplaying && <Replay org={org} request={request} close={close} />}
    </Page>
  );
}

function Overview({ org, request }: { org: string; request: RequestDetail }) {
  const { t, i18n } = useTranslation();
  return (
    <Stack gap="md">
      <Group gap="sm" wrap="nowrap" align="flex-start">
        <SeverityMark severity={request.severity} />
        <Text fw={600} className="inert">
          {visible(request.message)}
        </Text>
      </Group>
      <SimpleGrid cols={{ base: 2, sm: 3, md: 4 }} spacing="md" component="dl" m={0}>
        <Fact name={t("endpoints.request.action")}>{doneWords(request.action, t)}</Fact>
        <Fact name={t("endpoints.request.alert")}>
          {request.alert_id ? (
            <PageLink
              to="/o/$org/alerts/$id"
              params={{ org, id: request.alert_id }}
              size="sm"
              fw={600}
              c="var(--chosen)"
            >
              {t("endpoints.request.openAlert")}
            </PageLink>
          ) : (
            t("endpoints.request.noAlert")
          )}
        </Fact>
        <Fact name={t("endpoints.request.at")}>
          <Time at={request.received_at} absolute />
        </Fact>
        <Fact name={t("endpoints.request.to")}>
          <span className="inert">{request.endpoint_name || t("endpoints.unnamed")}</span>
          {" · "}
          <PageLink
            to="/o/$org/projects/$id"
            params={{ org, id: request.project_id }}
            underline="always"
            size="sm"
            c="var(--chosen)"
            className="inert"
          >
            {request.project}
          </PageLink>
        </Fact>
        <Fact name={t("endpoints.request.method")}>{request.method}</Fact>
        <Fact name={t("endpoints.request.type")}>
          <span className="inert">{visible(request.content_type ?? t("endpoints.request.unsaid"))}</span>
        </Fact>
        <Fact name={t("endpoints.request.size")}>{sizeOf(request.bytes, i18n.language)}</Fact>
        <Fact name={t("endpoints.request.from")}>{request.remote}</Fact>
        {request.replayed_from && (
          <Fact name={t("endpoints.request.replayed")}>
            <PageLink
              to="/o/$org/requests/$id"
              params={{ org, id: request.replayed_from }}
              size="sm"
              c="var(--chosen)"
            >
              {t("endpoints.request.original")}
            </PageLink>
          </Fact>
        )}
      </SimpleGrid>
    </Stack>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <Text component="dt" size="xs" c="dimmed" fw={600}>
        {name}
      </Text>
      <Text component="dd" size="sm" m={0}>
        {children}
      </Text>
    </div>
  );
}

function Headers({ request }: { request: RequestDetail }) {
  const { t } = useTranslation();
  return (
    <Section title={t("endpoints.request.headers")} hint={t("endpoints.request.hidden")}>
      <Table layout="fixed" verticalSpacing={6}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th w="40%">{t("endpoints.request.header")}</Table.Th>
            <Table.Th>{t("endpoints.request.value")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {request.headers.map(({ name, value }, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: what was received does not change
            <Table.Tr key={index}>
              <Table.Td className="inert">{visible(name)}</Table.Td>
              <Table.Td className="inert">{visible(value)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Section>
  );
}
