import { Anchor, Group, Paper, Stack, Text } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { CallView } from "../../api/schema";
import { reasonWord } from "../../ui/explain";
import { Failure, Outdated } from "../../ui/failure";
import { CallMark } from "../../ui/marks";
import { Empty, Loading, Page } from "../../ui/page";
import { Pager } from "../../ui/pager";
import { Table } from "../../ui/rare/table";
import { Time } from "../../ui/time";
import styles from "../alerts/alerts.module.css";
import { useOrganization } from "../organization";
import { callsQuery } from "./queries";

export function CallsPage() {
  const { t } = useTranslation();
  const { org } = useOrganization();
  const { after } = useSearch({ from: "/signed-in/o/$org/calls" });
  const navigate = useNavigate();
  const isWide = useMediaQuery("(min-width: 62em)", undefined, { getInitialValueInEffect: false });
  const { data, error, isPlaceholderData, dataUpdatedAt, refetch } = useQuery(callsQuery(org, after));
  const again = () => void refetch();
  const go = (to?: string) => void navigate({ to: "/o/$org/calls", params: { org }, search: { after: to } });
  return (
    <Page title={t("calls.title")}>
      {!data && (error ? <Failure error={error} retry={again} /> : <Loading />)}
      {data && error && <Outdated error={error} at={dataUpdatedAt} retry={again} />}
      {data?.items.length === 0 && !after && !error && !isPlaceholderData && (
        <Empty title={t("calls.empty.title")}>{t("calls.empty.hint")}</Empty>
      )}
      {data &&
        data.items.length > 0 &&
        (isWide ? <Calls org={org} calls={data.items} /> : <Cards org={org} calls={data.items} />)}
      <Pager after={after} next={data?.next} go={go} />
    </Page>
  );
}

/** Over what it was last tried, or why it was not. */
function useRoute(call: CallView): string {
  const { t } = useTranslation();
  const last = call.attempts.at(-1);
  if (last) {
    return t("calls.route", { trunk: last.trunk, pbx: last.pbx });
  }
  return call.reason ? reasonWord(call.reason, t) : t(call.ended_at ? "calls.notDialled" : "calls.noAttempts");
}

function Row({ org, call }: { org: string; call: CallView }) {
  const { t } = useTranslation();
  const route = useRoute(call);
  return (
    <Table.Tr>
      <Table.Td>
        <CallMark status={call.status} />
      </Table.Td>
      <Table.Td>
        <Anchor
          component={Link}
          to="/o/$org/calls/$id"
          params={{ org, id: call.id } as never}
          size="sm"
          className="inert digits"
        >
          {call.destination}
        </Anchor>
        <Text size="sm" c="dimmed" className="inert" dir="auto">
          {call.display_name}
        </Text>
      </Table.Td>
      <Table.Td>
        <Anchor
          component={Link}
          to="/o/$org/alerts/$id"
          params={{ org, id: call.alert_id } as never}
          size="sm"
          lineClamp={2}
          className="inert"
          dir="auto"
        >
          {call.message || t("alerts.noMessage")}
        </Anchor>
      </Table.Td>
      <Table.Td ta="end">{call.attempts.length}</Table.Td>
      <Table.Td className="inert">{route}</Table.Td>
      <Table.Td>
        <Time at={call.created_at} />
      </Table.Td>
    </Table.Tr>
  );
}

function Calls({ org, calls }: { org: string; calls: CallView[] }) {
  const { t } = useTranslation();
  return (
    <Table.ScrollContainer minWidth={720}>
      <Table verticalSpacing="xs" highlightOnHover aria-label={t("calls.title")}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th w={190}>{t("calls.columns.status")}</Table.Th>
            <Table.Th w={170}>{t("calls.columns.phone")}</Table.Th>
            <Table.Th>{t("calls.columns.alert")}</Table.Th>
            <Table.Th ta="end">{t("calls.columns.attempts")}</Table.Th>
            <Table.Th>{t("calls.columns.route")}</Table.Th>
            <Table.Th>{t("calls.columns.made")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {calls.map((call) => (
            <Row key={call.id} org={org} call={call} />
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function Card({ org, call }: { org: string; call: CallView }) {
  const { t } = useTranslation();
  const route = useRoute(call);
  return (
    <Paper component="li" withBorder p="sm" className={styles["card"] ?? ""} data-severity={call.severity}>
      <Stack gap={4}>
        <Group gap="xs" justify="space-between">
          <CallMark status={call.status} />
          <Text size="sm" c="dimmed">
            <Time at={call.created_at} />
          </Text>
        </Group>
        <Link to="/o/$org/calls/$id" params={{ org, id: call.id }} className={styles["link"] ?? ""}>
          <Text fw={600} lineClamp={2} className="inert" dir="auto">
            {call.message || t("alerts.noMessage")}
          </Text>
        </Link>
        <Text size="sm" className="inert">
          {call.display_name && `${call.display_name} · `}
          <span className="digits">{call.destination}</span>
        </Text>
        <Text size="sm" c="dimmed" className="inert">
          {call.attempts.length > 0 && `${t("calls.attempts", { count: call.attempts.length })} · `}
          {route}
        </Text>
      </Stack>
    </Paper>
  );
}

function Cards({ org, calls }: { org: string; calls: CallView[] }) {
  const { t } = useTranslation();
  return (
    <Stack component="ul" gap="sm" p={0} m={0} aria-label={t("calls.title")}>
      {calls.map((call) => (
        <Card key={call.id} org={org} call={call} />
      ))}
    </Stack>
  );
}
