import { Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { OrganizationRow } from "../../api/schema";
import { Empty, Page } from "../../ui/page";
import { Pager } from "../../ui/pager";
import { Time } from "../../ui/time";
import { useFigures } from "../figures";
import { AdminLink, useGo, usePageSearch } from "../link";
import { type Column, List } from "../list";
import { organizationsQuery } from "../reads";
import { SearchField } from "../search-field";
import { Shown } from "../shown";

export function OrganizationsPage() {
  const { t } = useTranslation();
  const { whole } = useFigures();
  const { after, q } = usePageSearch();
  const go = useGo();
  const asked = useQuery(organizationsQuery({ after, q }));
  const columns: Column<OrganizationRow>[] = [
    {
      title: t("admin.organizations.name"),
      bare: true,
      cell: (it) => (
        <div>
          <AdminLink place={{ to: "/organizations/$id", id: it.id }} size="sm" fw={600} className="inert">
            {it.name}
          </AdminLink>
          <Text size="xs" c="dimmed" className="inert">
            {it.slug}
          </Text>
        </div>
      ),
    },
    { title: t("admin.organizations.members"), number: true, cell: (it) => whole(it.members) },
    { title: t("admin.organizations.projects"), number: true, cell: (it) => whole(it.projects) },
    { title: t("admin.organizations.calls"), number: true, cell: (it) => whole(it.calls_24h) },
    { title: t("admin.organizations.blocked"), number: true, cell: (it) => whole(it.blocked_24h) },
    { title: t("admin.organizations.timezone"), cell: (it) => <span className="inert">{it.timezone}</span> },
    { title: t("admin.organizations.created"), cell: (it) => <Time at={it.created_at} /> },
  ];
  return (
    <Page title={t("admin.shell.organizations")}>
      <SearchField
        label={t("admin.organizations.search")}
        value={q}
        go={(sought) => go({ to: "/organizations", search: { q: sought } }, true)}
      />
      <Shown asked={asked}>
        {({ items, next }) => (
          <>
            {items.length === 0 ? (
              <Empty title={q ? t("admin.nothingFound") : t("admin.organizations.none")}>
                {!q && t("admin.organizations.noneHint")}
              </Empty>
            ) : (
              <List label={t("admin.shell.organizations")} columns={columns} rows={items} keyOf={(it) => it.id} />
            )}
            <Pager
              inOrder
              after={after}
              next={next}
              go={(to) => go({ to: "/organizations", search: { q, after: to } })}
            />
          </>
        )}
      </Shown>
    </Page>
  );
}
