import { Badge, Button, Group, Paper, Stack, Text } from "@mantine/core";
import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, take } from "../../api/client";
import type { ListedSession } from "../../api/schema";
import { Confirm } from "../../ui/confirm";
import { Failure } from "../../ui/failure";
import { Loading } from "../../ui/page";
import { Pager } from "../../ui/pager";
import { Section } from "../../ui/section";
import { Time } from "../../ui/time";
import { deviceOf } from "./device";

const KEY = ["sessions"];

function useDevice(): (session: ListedSession) => string {
  const { t } = useTranslation();
  return ({ user_agent }) => {
    const { browser, system } = deviceOf(user_agent);
    if (browser && system) {
      return t("account.security.on", { browser, system });
    }
    return browser ?? system ?? (user_agent || t("account.security.unknown"));
  };
}

export function Sessions() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [after, setAfter] = useState<string>();
  const [ended, setEnded] = useState<ListedSession | "others" | null>(null);
  const device = useDevice();
  const sessions = useQuery({
    queryKey: [...KEY, after],
    queryFn: () => take(api.GET("/api/v1/sessions", { params: { query: after ? { after } : {} } })),
    placeholderData: keepPreviousData,
  });
  const items = sessions.data?.items ?? [];
  const end = async (which: ListedSession | "others") => {
    await take(
      which === "others"
        ? api.DELETE("/api/v1/sessions")
        : api.DELETE("/api/v1/sessions/{id}", { params: { path: { id: which.id } } }),
    );
    await queries.invalidateQueries({ queryKey: KEY });
  };
  return (
    <Section
      title={t("account.security.sessions")}
      hint={t("account.security.sessionsHint")}
      aside={
        (items.length > 1 || after) && (
          <Button variant="default" onClick={() => setEnded("others")}>
            {t("account.security.endOthers")}
          </Button>
        )
      }
    >
      {sessions.isPending && <Loading rows={2} height={72} />}
      {sessions.error && <Failure error={sessions.error} retry={() => void sessions.refetch()} />}
      <Stack gap="xs" component="ul" m={0} p={0}>
        {items.map((session) => (
          <OneSession key={session.id} session={session} device={device(session)} end={() => setEnded(session)} />
        ))}
      </Stack>
      <Pager after={after} next={sessions.data?.next} go={setAfter} />
      {ended && (
        <Confirm
          title={
            ended === "others"
              ? t("account.security.endOthersTitle")
              : t("account.security.endTitle", { device: device(ended) })
          }
          action={ended === "others" ? t("account.security.endOthers") : t("account.security.end")}
          does={() => end(ended)}
          close={() => setEnded(null)}
        >
          {ended === "others" ? t("account.security.endOthersText") : t("account.security.endText")}
        </Confirm>
      )}
    </Section>
  );
}

function OneSession({ session, device, end }: { session: ListedSession; device: string; end: () => void }) {
  const { t } = useTranslation();
  return (
    <Paper component="li" withBorder p="sm" display="block">
      <Group justify="space-between" gap="sm">
        <Stack gap={4} flex="1 1 200px">
          <Group gap="xs">
            <Text fw={600} className="inert" title={session.user_agent}>
              {device}
            </Text>
            {session.current && (
              <Badge color="teal.7" tt="none" radius="sm">
                {t("account.security.this")}
              </Badge>
            )}
            {session.audience === "admin" && (
              <Badge color="gray.7" tt="none" radius="sm">
                {t("account.security.admin")}
              </Badge>
            )}
          </Group>
          <Text size="sm" c="dimmed">
            {t("account.security.ip", { ip: session.ip })} · {t("account.security.since")}{" "}
            <Time at={session.created_at} /> · {t("account.security.seen")} <Time at={session.last_seen_at} />
          </Text>
        </Stack>
        {!session.current && (
          <Button variant="default" size="sm" onClick={end} aria-label={t("account.security.endOf", { device })}>
            {t("account.security.end")}
          </Button>
        )}
      </Group>
    </Paper>
  );
}
