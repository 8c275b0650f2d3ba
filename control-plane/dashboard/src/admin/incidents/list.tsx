import { Button, Group, Text } from "@mantine/core";
import { IconExternalLink, IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { Incident } from "../../api/schema";
import { Empty, Page } from "../../ui/page";
import { Pager } from "../../ui/pager";
import { Time } from "../../ui/time";
import { AdminLink, linkTo, useGo, usePageSearch } from "../link";
import { type Column, List } from "../list";
import { incidentsQuery } from "../reads";
import { Shown } from "../shown";
import { useComponentName } from "./components";
import { ImpactMark, StageMark } from "./marks";

export function IncidentsPage() {
  const { t } = useTranslation();
  const { after } = usePageSearch();
  const go = useGo();
  const nameOf = useComponentName();
  const asked = useQuery(incidentsQuery({ after }));
  const columns: Column<Incident>[] = [
    {
      title: t("admin.incidents.heading"),
      bare: true,
      cell: (it) => (
        <div>
          <AdminLink place={{ to: "/incidents/$id", id: it.id }} size="sm" fw={600} className="inert">
            {it.title}
          </AdminLink>
          <Text size="xs" c="dimmed" className="inert">
            {it.components.map(nameOf).join(", ")}
          </Text>
        </div>
      ),
    },
    { title: t("admin.incidents.stage"), cell: (it) => <StageMark stage={it.state} /> },
    { title: t("admin.incidents.impact"), cell: (it) => <ImpactMark impact={it.impact} /> },
    { title: t("admin.incidents.began"), cell: (it) => <Time at={it.started_at} /> },
    {
      title: t("admin.incidents.over"),
      cell: (it) => (it.resolved_at ? <Time at={it.resolved_at} /> : t("admin.incidents.goesOn")),
    },
  ];
  return (
    <Page
      title={t("admin.shell.incidents")}
      aside={
        <Group gap="sm">
          <Preview />
          <Button
            component={Link}
            {...linkTo({ to: "/incidents/new" })}
            leftSection={<IconPlus size={16} aria-hidden />}
          >
            {t("admin.incidents.write")}
          </Button>
        </Group>
      }
    >
      <Text size="sm" c="dimmed">
        {t("admin.incidents.hint")}
      </Text>
      <Shown asked={asked}>
        {({ items, next }) => (
          <>
            {items.length === 0 ? (
              <Empty title={t("admin.incidents.none")}>{t("admin.incidents.noneHint")}</Empty>
            ) : (
              <List label={t("admin.shell.incidents")} columns={columns} rows={items} keyOf={(it) => it.id} />
            )}
            <Pager after={after} next={next} go={(to) => go({ to: "/incidents", search: { after: to } })} />
          </>
        )}
      </Shown>
    </Page>
  );
}

/** What everybody sees of it. */
export function Preview() {
  const { t } = useTranslation();
  return (
    <Button
      component="a"
      href="/status"
      target="_blank"
      rel="noreferrer"
      variant="default"
      leftSection={<IconExternalLink size={16} aria-hidden />}
    >
      {t("admin.incidents.preview")}
    </Button>
  );
}
