import { Button, Group, Stack } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import type { Incident, IncidentState } from "../../api/schema";
import { Failed, useDeed, useOnce } from "../../ui/deed";
import { Section } from "../../ui/section";
import { useAct } from "../deed";
import { StageField, UpdateText } from "./fields";

/** Tells how far it is. */
export function TellForm({ incident }: { incident: Incident }) {
  const { t } = useTranslation();
  const act = useAct();
  const once = useOnce();
  // What another operator tells meanwhile is what this form goes on from, unless another stage was chosen here.
  const [chosen, choose] = useState<IncidentState | null>(null);
  const state = chosen ?? incident.state;
  const [text, setText] = useState("");
  const tell = useDeed(async () => {
    const body = { state, text };
    const header = once({ ...body, after: incident.updates.length });
    await act(
      api.POST("/api/admin/v1/incidents/{id}/updates", { params: { path: { id: incident.id }, header }, body }),
    );
    setText("");
    choose(null);
  });
  return (
    <Section
      title={t("admin.incidents.tell")}
      hint={incident.state === "resolved" ? t("admin.incidents.opensAgain") : undefined}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          tell.go();
        }}
      >
        <Stack>
          <StageField value={state} onChange={choose} />
          <UpdateText value={text} onChange={setText} />
          <Failed failure={tell.failure} />
          <Group justify="flex-end">
            <Button type="submit" loading={tell.busy} disabled={text.trim() === ""}>
              {t("admin.incidents.publish")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Section>
  );
}
