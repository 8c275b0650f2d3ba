import { Button, Group, Select, Text } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { AuditAction, AuditEntry } from "../../api/schema";
import { deeds } from "../../texts/en/deeds";
import { Empty, Page } from "../../ui/page";
import { Pager } from "../../ui/pager";
import { Time } from "../../ui/time";
import { AdminLink, type Search, useGo, usePageSearch } from "../link";
import { type Column, List } from "../list";
import { auditQuery } from "../reads";
import { Shown } from "../shown";
import { Difference } from "./difference";

const DEEDS = Object.entries(deeds).map(([subject, done]) => Object.keys(done).map((deed) => `${subject}.${deed}`));

/** Of an id as much as tells it from others on the page. */
const brief = (id: string) => (/^[\da-f]{8}-[\da-f-]{27}$/.test(id) ? `${id.slice(0, 13)}…` : id);

/** What was done, in words; a word that this page does not know yet stands as it is. */
function useDeedWords() {
  const { t, i18n } = useTranslation();
  return (action: string) => {
    const key = `codes.deeds.${action}`;
    return i18n.exists(key) ? String(t(key as "codes.deeds.account.created")) : action;
  };
}

export function AuditPage() {
  const { t } = useTranslation();
  const words = useDeedWords();
  const { after, action, actor, subject } = usePageSearch();
  const go = useGo();
  const narrowed = { action, actor, subject };
  const narrow = (search: Search) => go({ to: "/audit", search: { ...narrowed, ...search } });
  const asked = useQuery(auditQuery({ after, ...narrowed, action: action as AuditAction | undefined }));
  const columns: Column<AuditEntry>[] = [
    { title: t("admin.audit.when"), cell: (it) => <Time at={it.at} /> },
    { title: t("admin.audit.who"), cell: (it) => <Who entry={it} /> },
    { title: t("admin.audit.what"), cell: (it) => <strong>{words(it.action)}</strong> },
    {
      title: t("admin.audit.subject"),
      cell: (it) =>
        it.subject === "" ? (
          "–"
        ) : (
          <AdminLink
            place={{ to: "/audit", search: { subject: it.subject } }}
            size="xs"
            className="inert id"
            title={it.subject}
          >
            {brief(it.subject)}
          </AdminLink>
        ),
    },
    {
      title: t("admin.audit.difference"),
      bare: true,
      cell: (it) => <Difference entry={it} />,
    },
    { title: t("admin.audit.from"), cell: (it) => <span className="inert digits">{it.ip ?? "–"}</span> },
  ];
  return (
    <Page wide title={t("admin.shell.audit")}>
      <Group gap="sm">
        <Select
          aria-label={t("admin.audit.what")}
          placeholder={t("admin.audit.anything")}
          w={320}
          maw="100%"
          searchable
          clearable
          nothingFoundMessage={t("admin.nothingFound")}
          value={action ?? null}
          onChange={(value) => narrow({ action: value ?? undefined })}
          data={DEEDS.flat().map((value) => ({ value, label: words(value) }))}
        />
        {actor && (
          <Narrowed label={t("admin.audit.onlyBy")} value={actor} drop={() => narrow({ actor: undefined })} />
        )}
        {subject && (
          <Narrowed label={t("admin.audit.onlyTo")} value={subject} drop={() => narrow({ subject: undefined })} />
        )}
      </Group>
      <Shown asked={asked}>
        {({ items, next }) => (
          <>
            {items.length === 0 ? (
              <Empty title={t("admin.nothingFound")} />
            ) : (
              <List label={t("admin.shell.audit")} columns={columns} rows={items} keyOf={(it) => it.id} />
            )}
            <Pager after={after} next={next} go={(to) => narrow({ after: to })} />
          </>
        )}
      </Shown>
    </Page>
  );
}

/** Who it was; a person's deeds are a click away. */
function Who({ entry }: { entry: AuditEntry }) {
  const { t } = useTranslation();
  const kind = t(`admin.audit.kinds.${entry.actor_kind}`);
  if (entry.actor === "") {
    return <Text size="sm">{kind}</Text>;
  }
  return (
    <div>
      <AdminLink place={{ to: "/audit", search: { actor: entry.actor } }} size="sm" className="inert">
        {entry.actor_name ?? entry.actor}
      </AdminLink>
      <Text size="xs" c="dimmed">
        {kind}
      </Text>
    </div>
  );
}

function Narrowed({ label, value, drop }: { label: string; value: string; drop: () => void }) {
  return (
    <Button variant="default" onClick={drop} rightSection={<IconX size={14} aria-hidden />}>
      {label}&nbsp;<span className="inert id">{brief(value)}</span>
    </Button>
  );
}
