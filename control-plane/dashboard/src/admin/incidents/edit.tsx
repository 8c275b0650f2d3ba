import { Button, Group, Stack, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import type { Incident } from "../../api/schema";
import { Dialog } from "../../ui/confirm";
import { Failed, useDeed } from "../../ui/deed";
import { useAct } from "../deed";
import { Components } from "./components";
import { ImpactField, LONGEST_TITLE } from "./fields";

export function EditDialog({ incident, close }: { incident: Incident; close: () => void }) {
  const { t } = useTranslation();
  const act = useAct();
  const [title, setTitle] = useState(incident.title);
  const [impact, setImpact] = useState(incident.impact);
  const [components, setComponents] = useState(incident.components);
  const save = useDeed(async () => {
    const body = { title: title.trim(), impact, components };
    await act(api.PATCH("/api/admin/v1/incidents/{id}", { params: { path: { id: incident.id } }, body }));
    close();
  });
  return (
    <Dialog title={t("admin.incidents.edit")} close={close} busy={save.busy} size="lg">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save.go();
        }}
      >
        <Stack>
          <TextInput
            label={t("admin.incidents.heading")}
            maxLength={LONGEST_TITLE}
            required
            data-autofocus
            value={title}
            onChange={(event) => setTitle(event.currentTarget.value)}
          />
          <ImpactField value={impact} onChange={setImpact} />
          <Components value={components} onChange={setComponents} />
          <Failed failure={save.failure} />
          <Group justify="flex-end" gap="sm">
            <Button variant="default" onClick={close} disabled={save.busy}>
              {t("common.cancel")}
            </Button>
            <Button type="submit" loading={save.busy} disabled={title.trim() === ""}>
              {t("common.save")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}
