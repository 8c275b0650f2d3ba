/** What happened to an alert and its calls, as one story, the newest first. */
import { Anchor, Group, Stack, Text, ThemeIcon } from "@mantine/core";
import {
  IconArrowUp,
  IconBell,
  IconCheck,
  IconDialpad,
  IconPhone,
  IconPhoneOff,
  IconRepeat,
  IconUserOff,
  IconX,
} from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import type { ComponentType, ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { AttemptView, CallView, EventView } from "../../api/schema";
import { explainAttempt, explainEvent, isOver } from "../../ui/explain";
import { AttemptMark } from "../../ui/marks";
import { moment, Time, useNow } from "../../ui/time";
import { Bar } from "../calls/bar";
import styles from "./alerts.module.css";

type Icon = ComponentType<{ size?: number; "aria-hidden"?: boolean }>;

const ICONS: Record<string, { icon: Icon; color: string }> = {
  opened: { icon: IconBell, color: "red.8" },
  repeated: { icon: IconRepeat, color: "gray.7" },
  raised: { icon: IconArrowUp, color: "orange.9" },
  reopened: { icon: IconBell, color: "red.8" },
  called_again: { icon: IconPhone, color: "blue.8" },
  acknowledged: { icon: IconCheck, color: "teal.7" },
  key: { icon: IconDialpad, color: "gray.7" },
  closed: { icon: IconX, color: "gray.7" },
  call_ended: { icon: IconPhoneOff, color: "gray.7" },
  nobody_reached: { icon: IconUserOff, color: "red.8" },
};

interface Entry {
  at: string;
  key: string;
  content: ReactNode;
}

export function StoryLine({
  org,
  events,
  calls,
  nameOf,
  whoIs,
}: {
  org: string;
  events: EventView[];
  calls: CallView[];
  /** What somebody of an address is called. */
  nameOf: (email: string) => string;
  /** Whom a call is to reach. */
  whoIs: (call: CallView) => string;
}) {
  const { t } = useTranslation();
  const entries: Entry[] = [
    ...events.map((event) => ({
      at: event.at,
      key: `event ${event.seq}`,
      content: <EventEntry org={org} event={event} nameOf={nameOf} />,
    })),
    ...calls.flatMap((call) =>
      call.attempts.map((attempt) => ({
        at: attempt.initiated_at,
        key: attempt.id,
        content: <AttemptEntry org={org} call={call} attempt={attempt} who={whoIs(call)} />,
      })),
    ),
  ];
  // Of what was written down in the same moment the later entry stands above.
  const newestFirst = entries.reverse().sort((a, b) => Date.parse(b.at) - Date.parse(a.at));
  return (
    <ol className={styles["story"]} aria-label={t("alerts.detail.timeline")}>
      {newestFirst.map(({ key, content }) => (
        <li key={key} className={styles["entry"]}>
          {content}
        </li>
      ))}
    </ol>
  );
}

function Bullet({ icon: Icon, color }: { icon: Icon; color: string }) {
  return (
    <ThemeIcon className={styles["bullet"] ?? ""} size={32} radius="xl" color={color}>
      <Icon size={18} aria-hidden />
    </ThemeIcon>
  );
}

function EventEntry({ org, event, nameOf }: { org: string; event: EventView; nameOf: (email: string) => string }) {
  const { t, i18n } = useTranslation();
  const look = ICONS[event.kind] ?? { icon: IconBell, color: "gray.7" };
  const isRepeated = event.count > 1 && event.last_at;
  return (
    <>
      <Bullet {...look} />
      <Text fw={500} className="inert" mih={32} pt={4} lh={1.4}>
        {explainEvent(event, t, nameOf)}
      </Text>
      <Group gap="sm">
        <Text size="sm" c="dimmed">
          <Time at={event.last_at ?? event.at} />
          {isRepeated &&
            ` · ${t("alerts.detail.times", { count: event.count, time: when(event.last_at, i18n.language) })}`}
        </Text>
        {event.request_id && (
          <Anchor
            size="sm"
            component={Link}
            to="/o/$org/requests/$id"
            params={{ org, id: event.request_id } as never}
          >
            {t("calls.detail.request")}
          </Anchor>
        )}
      </Group>
    </>
  );
}

function when(at: string | null | undefined, language: string): string {
  return at ? moment(at, language) : "";
}

function AttemptEntry({
  org,
  call,
  attempt,
  who,
}: {
  org: string;
  call: CallView;
  attempt: AttemptView;
  who: string;
}) {
  const { t, i18n } = useTranslation();
  const isLive = !isOver(attempt);
  const now = useNow(isLive ? 1000 : 60_000);
  return (
    <>
      <Bullet icon={IconPhone} color={isLive ? "blue.8" : attempt.acknowledged_at ? "teal.7" : "gray.7"} />
      <Stack gap={4}>
        <Group gap="xs" mih={32}>
          <Text fw={500} className="inert">
            {t("alerts.detail.call", { who })}
          </Text>
          <AttemptMark status={attempt.status} />
        </Group>
        <Text size="sm" className="inert">
          {explainAttempt(attempt, t, i18n.language, now)}
        </Text>
        <Bar attempt={attempt} now={now} />
        <Group gap="sm">
          <Text size="sm" c="dimmed">
            <Time at={attempt.initiated_at} />
          </Text>
          <Anchor size="sm" component={Link} to="/o/$org/calls/$id" params={{ org, id: call.id } as never}>
            {t("calls.details")}
          </Anchor>
        </Group>
      </Stack>
    </>
  );
}
