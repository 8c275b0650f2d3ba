import { Button, Text } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import type { ForbiddenNumber } from "../../api/schema";
import { Confirm } from "../../ui/confirm";
import { Empty, Page } from "../../ui/page";
import { Pager } from "../../ui/pager";
import { Time } from "../../ui/time";
import { useAct } from "../deed";
import { useGo, usePageSearch } from "../link";
import { type Column, List } from "../list";
import { doNotCallQuery } from "../reads";
import { SearchField } from "../search-field";
import { Shown } from "../shown";
import { AddDialog } from "./add";

export function DoNotCallPage() {
  const { t } = useTranslation();
  const { after, q } = usePageSearch();
  const go = useGo();
  const act = useAct();
  const [adds, setAdds] = useState(false);
  const [removed, setRemoved] = useState<string | null>(null);
  const asked = useQuery(doNotCallQuery({ after, q }));
  const columns: Column<ForbiddenNumber>[] = [
    { title: t("admin.doNotCall.number"), bare: true, cell: (it) => <strong className="digits">{it.number}</strong> },
    { title: t("admin.doNotCall.since"), cell: (it) => <Time at={it.created_at} /> },
    {
      title: t("admin.deeds"),
      hidden: true,
      bare: true,
      number: true,
      cell: (it) => (
        <Button
          size="xs"
          variant="default"
          aria-label={t("admin.doNotCall.removeThis", { number: it.number })}
          onClick={() => setRemoved(it.number)}
        >
          {t("common.remove")}
        </Button>
      ),
    },
  ];
  return (
    <Page
      title={t("admin.shell.doNotCall")}
      aside={
        <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setAdds(true)}>
          {t("admin.doNotCall.add")}
        </Button>
      }
    >
      <Text size="sm" c="dimmed">
        {t("admin.doNotCall.hint")}
      </Text>
      <SearchField
        label={t("admin.doNotCall.search")}
        value={q}
        go={(sought) => go({ to: "/do-not-call", search: { q: sought } }, true)}
      />
      <Shown asked={asked}>
        {({ items, next }) => (
          <>
            {items.length === 0 ? (
              <Empty title={q ? t("admin.doNotCall.notThere") : t("admin.doNotCall.none")}>
                {q ? t("admin.doNotCall.notThereHint") : t("admin.doNotCall.noneHint")}
              </Empty>
            ) : (
              <List label={t("admin.shell.doNotCall")} columns={columns} rows={items} keyOf={(it) => it.number} />
            )}
            <Pager
              inOrder
              after={after}
              next={next}
              go={(to) => go({ to: "/do-not-call", search: { q, after: to } })}
            />
          </>
        )}
      </Shown>
      {adds && <AddDialog close={() => setAdds(false)} />}
      {removed && (
        <Confirm
          title={t("admin.doNotCall.ask", { number: removed })}
          action={t("common.remove")}
          does={() =>
            act(api.DELETE("/api/admin/v1/do-not-call/{number}", { params: { path: { number: removed } } }))
          }
          close={() => setRemoved(null)}
        >
          <Text size="sm">{t("admin.doNotCall.again")}</Text>
        </Confirm>
      )}
    </Page>
  );
}
