import "./requests.css";
import { Group, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { RequestSummary } from "../../api/schema";
import { Failure } from "../../ui/failure";
import { PageLink } from "../../ui/link";
import { SeverityMark } from "../../ui/marks";
import { Empty, Loading } from "../../ui/page";
import { Pager } from "../../ui/pager";
import { Section } from "../../ui/section";
import { sizeOf } from "../../ui/size";
import { Time } from "../../ui/time";
import { visible } from "../../ui/visible";
import { doneWords } from "../scenarios/words";
import { requestsQuery } from "./reads";

/** What arrived at an endpoint, the latest first, as it arrives. */
export function Requests({ org, endpoint }: { org: string; endpoint: string }) {
  const { t } = useTranslation();
  const { after } = useSearch({ from: "/signed-in/o/$org/endpoints/$id" });
  const navigate = useNavigate();
  const read = useQuery(requestsQuery(org, endpoint, after));
  const go = (to?: string) =>
    void navigate({
      to: "/o/$org/endpoints/$id",
      params: { org, id: endpoint },
      search: to ? { after: to } : {},
      resetScroll: false,
    });
  return (
    <Section title={t("endpoints.requests.title")}>
      {read.error && <Failure error={read.error} retry={() => void read.refetch()} />}
      {!read.data ? (
        read.isPending && <Loading rows={4} height={52} />
      ) : read.data.items.length === 0 ? (
        <Empty title={t("endpoints.requests.none")}>{t("endpoints.requests.noneHint")}</Empty>
      ) : (
        <Stack gap={0} component="ul" p={0} m={0}>
          {read.data.items.map((request) => (
            <RequestRow key={request.id} org={org} request={request} />
          ))}
        </Stack>
      )}
      <Pager after={after} next={read.data?.next} go={go} />
    </Section>
  );
}

function RequestRow({ org, request }: { org: string; request: RequestSummary }) {
  const { t, i18n } = useTranslation();
  return (
    <Group component="li" className="request-row" gap="sm" wrap="nowrap" align="flex-start">
      <Stack gap={4} flex={1} miw={0}>
        <PageLink
          to="/o/$org/requests/$id"
          params={{ org, id: request.id }}
          fw={600}
          c="var(--chosen)"
          className="inert"
          lineClamp={2}
        >
          {visible(request.message)}
        </PageLink>
        <Group gap="xs">
          <SeverityMark severity={request.severity} />
          <Text size="sm">{doneWords(request.action, t)}</Text>
          <Text size="sm" c="dimmed">
            {request.method} · {sizeOf(request.bytes, i18n.language)} · {request.remote}
          </Text>
        </Group>
      </Stack>
      <Text size="sm" c="dimmed" component="div">
        <Time at={request.received_at} />
      </Text>
    </Group>
  );
}
