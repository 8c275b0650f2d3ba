import { Button, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import type { SuppressedAddress } from "../../api/schema";
import { oneOf } from "../../api/words";
import { Confirm } from "../../ui/confirm";
import { Empty, Page } from "../../ui/page";
import { Pager } from "../../ui/pager";
import { Time } from "../../ui/time";
import { useAct } from "../deed";
import { useGo, usePageSearch } from "../link";
import { type Column, List } from "../list";
import { suppressionsQuery } from "../reads";
import { Shown } from "../shown";
import { LetterTabs } from "./tabs";

/** Why an address gets no letter. */
const CAUSES = ["bounce", "complaint"] as const;

export function SuppressionsPage() {
  const { t } = useTranslation();
  const { after } = usePageSearch();
  const go = useGo();
  const act = useAct();
  const [removed, setRemoved] = useState<SuppressedAddress | null>(null);
  const asked = useQuery(suppressionsQuery({ after }));
  const columns: Column<SuppressedAddress>[] = [
    {
      title: t("admin.accounts.address"),
      bare: true,
      cell: (it) => <strong className="inert">{it.email}</strong>,
    },
    {
      title: t("admin.letters.suppressions.why"),
      cell: ({ cause }) => {
        const known = oneOf(CAUSES, cause);
        return known ? t(`admin.letters.suppressions.causes.${known}`) : <span className="inert">{cause}</span>;
      },
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
            <Pager
              inOrder
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
          does={() =>
            act(api.DELETE("/api/admin/v1/suppressions/{email}", { params: { path: { email: removed.email } } }))
          }
          close={() => setRemoved(null)}
        >
          <Text size="sm">{t(`admin.letters.suppressions.again.${oneOf(CAUSES, removed.cause) ?? "bounce"}`)}</Text>
        </Confirm>
      )}
    </Page>
  );
}
