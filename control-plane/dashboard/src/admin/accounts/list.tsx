import { Group, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { AccountRow } from "../../api/schema";
import { Empty, Page } from "../../ui/page";
import { Pager } from "../../ui/pager";
import { Time } from "../../ui/time";
import { AdminLink, useGo, usePageSearch } from "../link";
import { type Column, List } from "../list";
import { accountsQuery } from "../reads";
import { SearchField } from "../search-field";
import { Shown } from "../shown";
import { AccountMarks } from "./marks";

export function AccountsPage() {
  const { t } = useTranslation();
  const { after, q } = usePageSearch();
  const go = useGo();
  const asked = useQuery(accountsQuery({ after, q }));
  const columns: Column<AccountRow>[] = [
    {
      title: t("admin.accounts.address"),
      bare: true,
      cell: (it) => (
        <div>
          <AdminLink place={{ to: "/accounts/$id", id: it.id }} size="sm" fw={600} className="inert">
            {it.email}
          </AdminLink>
          {it.display_name && (
            <Text size="xs" c="dimmed" className="inert">
              {it.display_name}
            </Text>
          )}
        </div>
      ),
    },
    {
      title: t("admin.accounts.state"),
      cell: (it) => (
        <Group gap={4}>
          <AccountMarks account={it} />
        </Group>
      ),
    },
    {
      title: t("admin.accounts.factor"),
      cell: (it) => (it.second_factor ? t("admin.accounts.on") : t("admin.accounts.off")),
    },
    {
      title: t("admin.accounts.seen"),
      cell: (it) => (it.last_seen_at ? <Time at={it.last_seen_at} /> : t("common.never")),
    },
    { title: t("admin.accounts.created"), cell: (it) => <Time at={it.created_at} /> },
  ];
  return (
    <Page title={t("admin.shell.accounts")}>
      <SearchField
        label={t("admin.accounts.search")}
        value={q}
        go={(sought) => go({ to: "/accounts", search: { q: sought } }, true)}
      />
      <Shown asked={asked}>
        {({ items, next }) => (
          <>
            {items.length === 0 ? (
              <Empty title={t("admin.nothingFound")}>{q && t("admin.accounts.prefix")}</Empty>
            ) : (
              <List label={t("admin.shell.accounts")} columns={columns} rows={items} keyOf={(it) => it.id} />
            )}
            <Pager inOrder after={after} next={next} go={(to) => go({ to: "/accounts", search: { q, after: to } })} />
          </>
        )}
      </Shown>
    </Page>
  );
}
