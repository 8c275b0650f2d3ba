import { Button, Group, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { notifications } from "@mantine/notifications";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api, take } from "../../api/client";
import type { ScenarioDocument } from "../../api/schema";
import { Confirm } from "../../ui/confirm";
import { dropDraft, type Place } from "./draft";

export function RemoveScenario({
  place,
  stored,
  leaving,
}: {
  place: Place;
  stored: ScenarioDocument;
  leaving: () => void;
}) {
  const { t } = useTranslation();
  const [isAsking, { open, close }] = useDisclosure(false);
  const navigate = useNavigate();
  const queries = useQueryClient();
  const { org, project: id, name } = place;
  const remove = async () => {
    await take(
      api.DELETE("/api/v1/projects/{id}/scenarios/{name}", {
        params: { path: { id, name }, query: { org }, header: { "If-Match": `"${stored.version}"` } },
      }),
    );
    leaving();
    dropDraft(place);
    notifications.show({ message: t("scenarios.remove.gone", { name }), color: "teal" });
    void queries.invalidateQueries({ queryKey: ["scenarios", org, id] });
    // The guard lets go once this has been rendered.
    setTimeout(() => {
      void navigate({ to: "/o/$org/projects/$id", params: { org, id } }).then(() =>
        queries.removeQueries({ queryKey: ["scenario", org, id, name] }),
      );
    });
  };
  return (
    <Group>
      <Button color="red.8" onClick={open}>
        {t("scenarios.remove.go")}
      </Button>
      {isAsking && (
        <Confirm
          title={t("scenarios.remove.ask", { name })}
          action={t("scenarios.remove.confirm")}
          does={remove}
          close={close}
        >
          <Text size="sm">{t("scenarios.remove.hint")}</Text>
        </Confirm>
      )}
    </Group>
  );
}
