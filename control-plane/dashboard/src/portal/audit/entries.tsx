import { Code, Group, Paper, Stack, Text, UnstyledButton } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { AuditEntry } from "../../api/schema";
import { type Change, difference } from "../../ui/difference";
import { useLogged } from "../../ui/logged";
import { Time } from "../../ui/time";

interface Narrow {
  /** Shows only what somebody did. */
  byActor?: (entry: AuditEntry) => void;
  /** Shows only what was done to something. */
  bySubject?: (entry: AuditEntry) => void;
}

/** What was done, newest first. */
export function Entries({ items, ...narrow }: { items: AuditEntry[] } & Narrow) {
  return (
    <Stack gap="xs" component="ol" m={0} p={0}>
      {items.map((entry) => (
        <Entry key={entry.id} entry={entry} {...narrow} />
      ))}
    </Stack>
  );
}

/** Whoever did it, by the name that the log knows. */
export function useActor(): (entry: AuditEntry) => string {
  const { t } = useTranslation();
  return ({ actor_kind, actor_name, actor }) => {
    const name = actor_name ?? (actor ? actor.slice(0, 8) : t(`audit.kind.${actor_kind}`));
    switch (actor_kind) {
      case "api_key":
        return t("audit.key", { name });
      case "operator":
        return t("audit.operator", { name });
      case "account":
      case "nobody":
        return name;
    }
  };
}

function Entry({ entry, byActor, bySubject }: { entry: AuditEntry } & Narrow) {
  const { t } = useTranslation();
  const who = useActor()(entry);
  const changes = difference(entry.before, entry.after);
  return (
    <Paper component="li" withBorder p="sm" display="block">
      <Group justify="space-between" gap={4} align="baseline">
        <Text fw={600}>{t(`codes.deeds.${entry.action}`)}</Text>
        <Text size="sm" c="dimmed">
          <Time at={entry.at} />
        </Text>
      </Group>
      <Group gap={6} align="baseline">
        <Narrowing label={t("audit.onlyActor", { name: who })} go={entry.actor ? byActor : undefined} entry={entry}>
          {who}
        </Narrowing>
        {entry.ip && (
          <Text size="sm" c="dimmed">
            {t("audit.from", { ip: entry.ip })}
          </Text>
        )}
        {bySubject && entry.subject && (
          <Narrowing label={t("audit.onlySubject")} go={bySubject} entry={entry} dim>
            {`#${entry.subject.slice(-8)}`}
          </Narrowing>
        )}
      </Group>
      {changes.length > 0 && (
        <Stack gap={2} mt={6} component="dl" m={0}>
          {changes.map((change) => (
            <OneChange key={change.field} change={change} />
          ))}
        </Stack>
      )}
    </Paper>
  );
}

function Narrowing({
  label,
  go,
  entry,
  dim = false,
  children,
}: {
  label: string;
  go: ((entry: AuditEntry) => void) | undefined;
  entry: AuditEntry;
  dim?: boolean;
  children: string;
}) {
  const look = <span className="inert">{children}</span>;
  return go ? (
    <UnstyledButton onClick={() => go(entry)} title={label} fz="sm" td="underline" {...(dim ? { c: "dimmed" } : {})}>
      {look}
    </UnstyledButton>
  ) : (
    <Text size="sm" component="span">
      {look}
    </Text>
  );
}

function OneChange({ change: { field, before, after } }: { change: Change }) {
  const logged = useLogged();
  return (
    <Group gap={6} align="baseline" fz="sm">
      <Text component="dt" size="sm" c="dimmed">
        {logged.field(field)}:
      </Text>
      <Group gap={6} align="baseline" component="dd" m={0}>
        {before !== undefined && <Value words={logged.value(field, before)} gone />}
        {before !== undefined && after !== undefined && <span aria-hidden>→</span>}
        {after !== undefined && <Value words={logged.value(field, after)} />}
      </Group>
    </Group>
  );
}

/** A value as somebody has written it: text, and nothing but text. */
function Value({ words, gone = false }: { words: string; gone?: boolean }) {
  return (
    <Code className="inert" {...(gone ? { component: "del", c: "dimmed" } : {})}>
      {words}
    </Code>
  );
}
