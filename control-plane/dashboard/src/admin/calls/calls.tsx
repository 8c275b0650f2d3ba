import { Group, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { LiveCall } from "../../api/schema";
import { AttemptMark, CallMark, SeverityMark } from "../../ui/marks";
import { Empty, Page } from "../../ui/page";
import { Pager } from "../../ui/pager";
import { Time, useNow } from "../../ui/time";
import { AdminLink, useGo, usePageSearch } from "../link";
import { type Column, List } from "../list";
import { callsQuery } from "../reads";
import { Shown } from "../shown";
import { QueueFigures } from "./queue";

export function LiveCallsPage() {
  const { t } = useTranslation();
  const { after } = usePageSearch();
  const go = useGo();
  const asked = useQuery(callsQuery({ after }));
  const columns: Column<LiveCall>[] = [
    {
      title: t("admin.calls.organization"),
      bare: true,
      cell: (call) => (
        <div>
          <AdminLink place={{ to: "/organizations/$id", id: call.org_id }} size="sm" className="inert">
            {call.organization}
          </AdminLink>
          <Text size="xs" c="dimmed" className="inert">
            {call.project}
          </Text>
        </div>
      ),
    },
    { title: t("admin.calls.severity"), cell: (call) => <SeverityMark severity={call.severity} /> },
    {
      title: t("admin.calls.since"),
      cell: (call) => <Time at={call.created_at} />,
    },
    {
      title: t("admin.calls.number"),
      cell: (call) => <span className="inert digits">{call.destination}</span>,
    },
    { title: t("admin.calls.state"), cell: (call) => <State call={call} /> },
    {
      title: t("admin.calls.over"),
      cell: ({ attempt }) =>
        attempt ? (
          <span>
            <span className="inert">{attempt.pbx}</span> · <span className="inert">{attempt.trunk}</span>
          </span>
        ) : null,
    },
    { title: t("admin.calls.ends"), cell: (call) => <Time at={call.expires_at} /> },
  ];
  return (
    <Page wide title={t("admin.shell.calls")}>
      <QueueFigures />
      <Shown asked={asked}>
        {({ items, next }) => (
          <>
            {items.length === 0 ? (
              <Empty title={t("admin.calls.none")}>{t("admin.calls.noneHint")}</Empty>
            ) : (
              <List label={t("admin.shell.calls")} columns={columns} rows={items} keyOf={(call) => call.id} />
            )}
            <Pager inOrder after={after} next={next} go={(to) => go({ to: "/calls", search: { after: to } })} />
          </>
        )}
      </Shown>
    </Page>
  );
}

/** How far it is: of one that waits, for what; of one that is dialled, how far that is. */
function State({ call }: { call: LiveCall }) {
  const { t } = useTranslation();
  const now = useNow();
  if (call.attempt) {
    return <AttemptMark status={call.attempt.status} />;
  }
  const isLater = call.due_at && Date.parse(call.due_at) > now;
  return (
    <Group gap={8} className="stated">
      <CallMark status={call.status} />
      {call.reason && <Text size="xs">{t(`codes.reason.${call.reason}`)}</Text>}
      {call.due_at && (
        <Text size="xs" c="dimmed">
          {isLater ? (
            <>
              {t("admin.calls.next")} <Time at={call.due_at} />
            </>
          ) : (
            t("admin.calls.due")
          )}
        </Text>
      )}
    </Group>
  );
}
