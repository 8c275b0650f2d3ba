/** Taking and closing alerts: shown at once, and taken back where it fails. */
import { notifications } from "@mantine/notifications";
import { type QueryClient, useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, take } from "../../api/client";
import type { AlertPage, AlertState, AlertView } from "../../api/schema";
import { wordsOf } from "../../ui/failure";

/** Shows an alert in another state wherever it stands. */
function show(queries: QueryClient, org: string, id: string, state: AlertState): void {
  queries.setQueriesData<AlertPage>({ queryKey: ["alerts", org] }, (page) =>
    page?.items
      ? { ...page, items: page.items.map((alert) => (alert.id === id ? { ...alert, state } : alert)) }
      : page,
  );
  queries.setQueryData<AlertView>(["alert", org, id], (alert) => alert && { ...alert, state });
}

export function useAlertDeeds(org: string) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const deed = (state: AlertState, path: "acknowledge" | "close", failed: string) => ({
    mutationFn: ({ id }: AlertView) =>
      take(api.POST(`/api/v1/alerts/{id}/${path}` as const, { params: { path: { id }, query: { org } } })),
    onMutate: async ({ id }: AlertView) => {
      await queries.cancelQueries({ queryKey: ["alerts", org] });
      await queries.cancelQueries({ queryKey: ["alert", org, id] });
      show(queries, org, id, state);
    },
    onError: (error: Error, alert: AlertView) => {
      show(queries, org, alert.id, alert.state);
      notifications.show({ color: "red", title: failed, message: wordsOf(error), autoClose: 15_000 });
    },
    onSettled: (_: unknown, __: unknown, { id }: AlertView) => {
      for (const queryKey of [
        ["alerts", org],
        ["alert", org, id],
        ["calls", org],
      ]) {
        void queries.invalidateQueries({ queryKey });
      }
    },
  });
  return {
    acknowledge: useMutation(deed("acknowledged", "acknowledge", t("alerts.notTaken"))),
    close: useMutation(deed("closed", "close", t("alerts.notClosed"))),
  };
}
