import { Group, Paper, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { QueueView } from "../../api/schema";
import { duration, useNow } from "../../ui/time";
import { useFigures } from "../figures";
import { AdminLink } from "../link";
import { queueQuery } from "../reads";
import { Shown } from "../shown";
import { Tile } from "../tile";
import "./queue.css";

/** Longer than this nothing should wait to be dialled. */
const LONG = 60_000;

export function QueueFigures() {
  const asked = useQuery(queueQuery);
  return (
    <Shown asked={asked} rows={1}>
      {(queue) => <Figures queue={queue} />}
    </Shown>
  );
}

function Figures({ queue }: { queue: QueueView }) {
  const { t, i18n } = useTranslation();
  const { whole } = useFigures();
  const now = useNow(1_000);
  const age = queue.oldest_queued_at ? Math.max(0, now - Date.parse(queue.oldest_queued_at)) : null;
  return (
    <>
      <SimpleGrid cols={{ base: 2, md: 3 }} spacing="sm" className="queue">
        <Tile title={t("admin.queue.queued")} value={whole(queue.queued)} />
        <Tile title={t("admin.queue.calling")} value={whole(queue.calling)} />
        <Tile
          title={t("admin.queue.oldest")}
          value={age === null ? "–" : duration(Math.trunc(age / 1_000) * 1_000, i18n.language)}
          bad={age !== null && age > LONG}
          hint={age !== null && t(age > LONG ? "admin.queue.long" : "admin.queue.oldestHint")}
        />
      </SimpleGrid>
      {queue.queued + queue.calling > 0 && (
        <SimpleGrid cols={{ base: 1, md: 3 }} spacing="sm">
          <Shares
            title={t("admin.queue.bySeverity")}
            shares={queue.by_severity.map(({ severity, queued }) => ({
              key: severity,
              name: t(`codes.severity.${severity}`),
              queued,
            }))}
          />
          <Shares
            title={t("admin.queue.byReason")}
            shares={queue.by_reason.map(({ reason, queued }) => ({
              key: reason ?? "",
              name: reason ? t(`codes.reason.${reason}`) : t("admin.queue.noReason"),
              queued,
            }))}
          />
          <Shares
            title={t("admin.queue.byOrganization")}
            shares={queue.by_organization.map(({ org_id, name, queued, calling }) => ({
              key: org_id,
              name: (
                <AdminLink place={{ to: "/organizations/$id", id: org_id }} size="sm" className="inert">
                  {name}
                </AdminLink>
              ),
              queued,
              more: calling > 0 ? t("admin.queue.andCalling", { count: calling }) : null,
            }))}
          />
        </SimpleGrid>
      )}
    </>
  );
}

interface Share {
  key: string;
  name: ReactNode;
  queued: number;
  more?: string | null;
}

function Shares({ title, shares }: { title: string; shares: Share[] }) {
  const { t } = useTranslation();
  const { whole } = useFigures();
  return (
    <Paper withBorder p="md" component="section">
      <Title order={2} size="h6" mb="xs">
        {title}
      </Title>
      {shares.length === 0 && (
        <Text size="sm" c="dimmed">
          {t("admin.queue.nothing")}
        </Text>
      )}
      <Stack gap={6} component="ul" m={0} p={0} style={{ listStyle: "none" }}>
        {shares.map(({ key, name, queued, more }) => (
          <Group key={key} component="li" justify="space-between" wrap="nowrap" gap="sm">
            <Text size="sm" component="span">
              {name}
            </Text>
            <Text size="sm" component="span" className="digits" ta="end" flex="none">
              {whole(queued)}
              {more && ` + ${more}`}
            </Text>
          </Group>
        ))}
      </Stack>
    </Paper>
  );
}
