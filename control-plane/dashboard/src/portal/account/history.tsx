import { Text } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api, take } from "../../api/client";
import { Failure } from "../../ui/failure";
import { Empty, Loading } from "../../ui/page";
import { Pager } from "../../ui/pager";
import { Entries } from "../audit/entries";
import { AccountPage } from "./account-page";

const route = getRouteApi("/signed-in/account/history");

export function HistoryPage() {
  const { t } = useTranslation();
  const { after } = route.useSearch();
  const navigate = route.useNavigate();
  const page = useQuery({
    queryKey: ["history", after],
    queryFn: () => take(api.GET("/api/v1/account/audit", { params: { query: after ? { after } : {} } })),
    placeholderData: keepPreviousData,
  });
  return (
    <AccountPage title={t("account.history")}>
      <Text size="sm" c="dimmed">
        {t("audit.ownHint")}
      </Text>
      {page.error && <Failure error={page.error} retry={() => void page.refetch()} />}
      {page.isPending && <Loading rows={8} height={64} />}
      {page.data &&
        (page.data.items.length ? <Entries items={page.data.items} /> : <Empty title={t("audit.empty")} />)}
      <Pager after={after} next={page.data?.next} go={(next) => void navigate({ search: { after: next } })} />
    </AccountPage>
  );
}
