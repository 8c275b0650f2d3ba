import { Button, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Confirm } from "../../ui/confirm";
import { Empty, Page } from "../../ui/page";
import { Time } from "../../ui/time";
import { useAct } from "../deed";
import type { Suppression } from "../documents";
import { useGo, usePageSearch } from "../link";
import { type Column, List } from "../list";
import { Pages } from "../pages";
import { listQuery } from "../reads";
import { Shown } from "../shown";
import { LetterTabs } from "./tabs";

export function SuppressionsPage() {
  const { t } = useTranslation();
  const { after } = usePageSearch();
  const go = useGo();
  const act = useAct();
  const [removed, setRemoved] = useState<Suppression | null>(null);
  const asked = useQuery(listQuery<Suppression>("suppressions", { after }));
  const columns: Column<Suppression>[] = [
    {
      title: t("admin.accounts.address"),
      bare: true,
      cell: (it) => <strong className="inert">{it.email}</strong>,
    },
    {
      title: t("admin.letters.suppressions.why"),
      cell: (it) => t(`admin.letters.suppressions.causes.${it.cause}`),
    },
    { title: t("admin.letters.suppressions.since"), cell: (it) => <Time at={it.created_at} /> },
    {
      title: t("admin.deeds"),
      hidden: true,
      bare: true,
      number: true,
      cell: (it) => (
        <Button
          size="xs"
          variant="default"
          aria-label={t("admin.letters.suppressions.removeThis", { email: it.email })}
          onClick={() => setRemoved(it)}
        >
          {t("common.remove")}
        </Button>
      ),
    },
  ];
  return (
    <Page title={t("admin.letters.suppressions.title")}>
      <LetterTabs current="/letters/suppressions" />
      <Text size="sm" c="dimmed">
        {t("admin.letters.suppressions.hint")}
      </Text>
      <Shown asked={asked}>
        {({ items, next }) => (
          <>
            {items.length === 0 ? (
              <Empty title={t("admin.letters.suppressions.none")}>{t("admin.letters.suppressions.noneHint")}</Empty>
            ) : (
              <List
                label={t("admin.letters.suppressions.title")}
                columns={columns}
                rows={items}
                keyOf={(it) => it.email}
              />
            )}
            <Pages
              after={after}
              next={next}
              go={(to) => go({ to: "/letters/suppressions", search: { after: to } })}
            />
          </>
        )}
      </Shown>
      {removed && (
        <Confirm
          title={t("admin.letters.suppressions.ask", { email: removed.email })}
          action={t("common.remove")}
          does={() => act("DELETE", `suppressions/${encodeURIComponent(removed.email)}`)}
          close={() => setRemoved(null)}
        >
          <Text size="sm">{t(`admin.letters.suppressions.again.${removed.cause}`)}</Text>
        </Confirm>
      )}
    </Page>
  );
}
