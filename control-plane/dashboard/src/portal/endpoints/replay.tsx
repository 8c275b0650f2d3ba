import { Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api, take } from "../../api/client";
import type { RequestDetail } from "../../api/schema";
import { Confirm } from "../../ui/confirm";
import { useOnce } from "../../ui/deed";
import { visible } from "../../ui/visible";

/** Takes a request in again: real calls, so it is asked first. */
export function Replay({ org, request, close }: { org: string; request: RequestDetail; close: () => void }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const headers = useOnce();
  const replay = async () => {
    const params = { path: { id: request.id }, query: { org }, header: headers(request.id) };
    const taken = await take(api.POST("/api/v1/requests/{id}/replay", { params }));
    notifications.show({ message: t("endpoints.replay.done"), color: "teal" });
    for (const what of ["requests", "alerts", "calls"]) {
      void queries.invalidateQueries({ queryKey: [what, org] });
    }
    await navigate(
      taken.alert_id
        ? { to: "/o/$org/alerts/$id", params: { org, id: taken.alert_id } }
        : { to: "/o/$org/requests/$id", params: { org, id: taken.request_id } },
    );
  };
  return (
    <Confirm title={t("endpoints.replay.ask")} action={t("endpoints.replay.confirm")} does={replay} close={close}>
      <Text size="sm" fw={600} className="inert">
        {visible(request.message)}
      </Text>
      <Text size="sm">{t("endpoints.replay.hint")}</Text>
    </Confirm>
  );
}
