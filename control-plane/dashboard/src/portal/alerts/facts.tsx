/** What else is known of an alert: whom it calls, its requests, its names. */
import { Anchor, Badge, Group, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { AlertCall } from "../../api/schema";
import { reasonWhy } from "../../ui/explain";
import { Failure } from "../../ui/failure";
import { CallMark, SeverityMark } from "../../ui/marks";
import { Loading } from "../../ui/page";
import { Section } from "../../ui/section";
import { sizeOf } from "../../ui/size";
import { Time } from "../../ui/time";
import { requestsOfAlertQuery, type Story } from "./queries";

export function People({ org, calls, whoIs }: { org: string; calls: AlertCall[]; whoIs: (id: string) => string }) {
  const { t } = useTranslation();
  return (
    <Section title={t("alerts.detail.called")}>
      {calls.length === 0 && (
        <Text size="sm" c="dimmed">
          {t("alerts.detail.calledNobody")}
        </Text>
      )}
      <Stack gap="sm" component="ul" p={0} m={0}>
        {calls.map((call) => (
          <Stack key={call.id} gap={2} component="li" display="flex">
            <Group gap="xs" justify="space-between">
              <Anchor
                component={Link}
                to="/o/$org/calls/$id"
                params={{ org, id: call.id } as never}
                className="inert"
              >
                {whoIs(call.id)}
              </Anchor>
              <CallMark status={call.status} />
            </Group>
            <Group gap="xs">
              {call.destination && call.destination !== whoIs(call.id) && (
                <Text size="sm" c="dimmed" className="digits">
                  {call.destination}
                </Text>
              )}
              {call.created_at && (
                <Text size="sm" c="dimmed">
                  <Time at={call.created_at} />
                </Text>
              )}
            </Group>
            {call.reason && <Text size="sm">{reasonWhy(call.reason, t) ?? call.reason}</Text>}
          </Stack>
        ))}
      </Stack>
    </Section>
  );
}

export function Requests({ org, id }: { org: string; id: string }) {
  const { t, i18n } = useTranslation();
  const { data, error, refetch } = useQuery(requestsOfAlertQuery(org, id));
  return (
    <Section title={t("alerts.detail.requests")}>
      {!data && (error ? <Failure error={error} retry={() => void refetch()} /> : <Loading rows={2} height={40} />)}
      {data?.items.length === 0 && (
        <Text size="sm" c="dimmed">
          {t("alerts.detail.noRequests")}
        </Text>
      )}
      <Stack gap="sm" component="ul" p={0} m={0}>
        {data?.items.map((request) => (
          <Stack key={request.id} gap={2} component="li" display="flex">
            <Anchor
              component={Link}
              to="/o/$org/requests/$id"
              params={{ org, id: request.id } as never}
              className="inert"
              lineClamp={2}
              dir="auto"
            >
              {request.message || t("alerts.noMessage")}
            </Anchor>
            <Group gap="xs">
              <SeverityMark severity={request.severity} />
              <Badge variant="default" radius="sm">
                {request.method}
              </Badge>
              <Text size="sm" c="dimmed">
                {sizeOf(request.bytes, i18n.language)} · <Time at={request.received_at} />
              </Text>
            </Group>
          </Stack>
        ))}
      </Stack>
    </Section>
  );
}

/** How it is named and when it began. */
export function Names({ alert }: { alert: Story }) {
  const { t } = useTranslation();
  return (
    <Section title={t("alerts.detail.dedupKey")}>
      {alert.dedup_key ? (
        <Text size="sm" ff="monospace" className="inert">
          {alert.dedup_key}
        </Text>
      ) : (
        <Text size="sm" c="dimmed">
          {t("alerts.detail.noDedupKey")}
        </Text>
      )}
    </Section>
  );
}
