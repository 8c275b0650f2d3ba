import { Anchor, Group, Stack, Text } from "@mantine/core";
import { IconChevronLeft } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { CallDetail } from "../../api/schema";
import { spansOf } from "../../ui/explain";
import { Failure, Outdated } from "../../ui/failure";
import { AlertMark, CallMark, SeverityMark } from "../../ui/marks";
import { Loading, Page } from "../../ui/page";
import { Section } from "../../ui/section";
import { Time } from "../../ui/time";
import { useOrganization } from "../organization";
import { Attempt } from "./attempt";
import { Next } from "./next";
import { callQuery } from "./queries";

export function CallPage() {
  const { t } = useTranslation();
  const { org } = useOrganization();
  const { id } = useParams({ from: "/signed-in/o/$org/calls/$id" });
  const { data, error, dataUpdatedAt, refetch } = useQuery(callQuery(org, id));
  const again = () => void refetch();
  const title = data
    ? t("calls.detail.titleTo", { who: data.display_name || data.destination })
    : t("calls.detail.title");
  return (
    <Page title={title} aside={<Back org={org} />}>
      {data ? (
        <>
          {error && <Outdated error={error} at={dataUpdatedAt} retry={again} />}
          <Whole org={org} call={data} />
        </>
      ) : error ? (
        <Failure error={error} retry={again} />
      ) : (
        <Loading />
      )}
    </Page>
  );
}

function Back({ org }: { org: string }) {
  const { t } = useTranslation();
  return (
    <Anchor component={Link} to="/o/$org/calls" params={{ org } as never} size="sm">
      <Group gap={2} component="span" display="inline-flex">
        <IconChevronLeft size={16} aria-hidden />
        {t("calls.detail.back")}
      </Group>
    </Anchor>
  );
}

function Whole({ org, call }: { org: string; call: CallDetail }) {
  const { t } = useTranslation();
  const now = Date.now();
  const lengths = call.attempts.map((attempt) => {
    const { dial, ring, talk } = spansOf(attempt, now);
    return dial + (ring ?? 0) + (talk ?? 0);
  });
  return (
    <>
      <Facts call={call} />
      <About org={org} call={call} />
      <Next call={call} />
      <Section title={t("calls.detail.attempts")}>
        {call.attempts.length === 0 && (
          <Text c="dimmed">{t(call.ended_at ? "calls.detail.noAttempts" : "calls.detail.noAttemptsYet")}</Text>
        )}
        <Stack component="ul" gap="sm" p={0} m={0}>
          {call.attempts.map((attempt, index) => (
            <Attempt key={attempt.id} attempt={attempt} number={index + 1} most={Math.max(...lengths)} />
          ))}
        </Stack>
      </Section>
    </>
  );
}

function Facts({ call }: { call: CallDetail }) {
  const { t } = useTranslation();
  return (
    <Group gap="xs">
      <CallMark status={call.status} />
      <Text size="sm" className="inert digits">
        {call.destination}
      </Text>
      <Text size="sm" c="dimmed">
        {t("calls.detail.made")} <Time at={call.created_at} />
        {call.ended_at && (
          <>
            {" · "}
            {t("calls.detail.ended")} <Time at={call.ended_at} />
          </>
        )}
      </Text>
    </Group>
  );
}

/** What it is about. */
function About({ org, call }: { org: string; call: CallDetail }) {
  const { t } = useTranslation();
  return (
    <Section title={t("calls.detail.alert")}>
      <Stack gap="xs">
        <Group gap="xs">
          <SeverityMark severity={call.severity} />
          <AlertMark state={call.alert_state} />
          <Text size="sm" c="dimmed" className="inert">
            {call.project}
          </Text>
        </Group>
        <Anchor
          component={Link}
          to="/o/$org/alerts/$id"
          params={{ org, id: call.alert_id } as never}
          fw={600}
          className="inert"
          dir="auto"
          lineClamp={4}
        >
          {call.message || t("alerts.noMessage")}
        </Anchor>
        <Anchor component={Link} to="/o/$org/requests/$id" params={{ org, id: call.request_id } as never} size="sm">
          {t("calls.detail.openRequest")}
        </Anchor>
      </Stack>
    </Section>
  );
}
