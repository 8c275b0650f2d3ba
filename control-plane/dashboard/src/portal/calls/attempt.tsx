import { Alert, Badge, Group, Paper, Stack, Text, Title } from "@mantine/core";
import { IconRepeat } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { AttemptView } from "../../api/schema";
import { ari, cause, explainAttempt, isOver, sip } from "../../ui/explain";
import { AttemptMark } from "../../ui/marks";
import { Time, useNow } from "../../ui/time";
import { Bar } from "./bar";

/** One attempt: what it did, for how long, and what everybody on the way answered. */
export function Attempt({ attempt, number, most }: { attempt: AttemptView; number: number; most: number }) {
  const { t, i18n } = useTranslation();
  const now = useNow(isOver(attempt) ? 60_000 : 1_000);
  const told = attempt.possible_duplicate ? { ...attempt, possible_duplicate: false } : attempt;
  return (
    <Paper component="li" withBorder p={{ base: "sm", sm: "md" }}>
      <Stack gap="sm">
        <Group justify="space-between" gap="xs">
          <Group gap="xs">
            <Title order={3} size="h5">
              {t("calls.detail.attempt", { number })}
            </Title>
            <AttemptMark status={attempt.status} />
          </Group>
          <Group gap="xs">
            <Badge variant="default" tt="none" radius="sm" className="inert">
              {t("calls.route", { trunk: attempt.trunk, pbx: attempt.pbx })}
            </Badge>
            <Text size="sm" c="dimmed">
              <Time at={attempt.initiated_at} absolute />
            </Text>
          </Group>
        </Group>
        <Text className="inert">{explainAttempt(told, t, i18n.language, now)}</Text>
        <Bar attempt={attempt} now={now} most={most} />
        {attempt.possible_duplicate && (
          <Alert
            variant="outline"
            color="orange.9"
            icon={<IconRepeat aria-hidden />}
            title={t("calls.detail.duplicate")}
          >
            {t("codes.attempt.duplicate")}
          </Alert>
        )}
        <Codes attempt={attempt} />
      </Stack>
    </Paper>
  );
}

function Codes({ attempt: { sip_code, hangup_cause, ari_status } }: { attempt: AttemptView }) {
  const { t } = useTranslation();
  const codes = [
    ari_status == null ? null : [t("calls.detail.ari", { code: ari_status }), ari(ari_status, t)],
    sip_code == null ? null : [t("calls.detail.sip", { code: sip_code }), sip(sip_code, t)],
    hangup_cause == null ? null : [t("calls.detail.cause", { code: hangup_cause }), cause(hangup_cause, t)],
  ].filter((code) => code !== null);
  if (codes.length === 0) {
    return null;
  }
  return (
    <Stack gap={8} component="dl" m={0}>
      {codes.map(([name, means]) => (
        <Group key={name} gap="0 var(--mantine-spacing-xs)" align="baseline">
          <Text component="dt" size="sm" c="dimmed" w={{ sm: 220 }}>
            {name}
          </Text>
          <Text component="dd" size="sm" m={0} flex="1 1 240px">
            {means}
          </Text>
        </Group>
      ))}
    </Stack>
  );
}
