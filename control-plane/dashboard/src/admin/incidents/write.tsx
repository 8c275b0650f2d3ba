import { Button, Group, Stack, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import type { Impact, IncidentState } from "../../api/schema";
import { Failed, useDeed, useOnce } from "../../ui/deed";
import { Page } from "../../ui/page";
import { Section } from "../../ui/section";
import { BackTo } from "../back";
import { useAct } from "../deed";
import { useGo } from "../link";
import { Components } from "./components";
import { ImpactField, LONGEST_TITLE, StageField, UpdateText } from "./fields";

/** Tells of a new incident. */
export function WriteIncidentPage() {
  const { t } = useTranslation();
  const go = useGo();
  const act = useAct();
  const once = useOnce();
  const [title, setTitle] = useState("");
  const [impact, setImpact] = useState<Impact>("minor");
  const [state, setState] = useState<IncidentState>("investigating");
  const [components, setComponents] = useState<string[]>([]);
  const [text, setText] = useState("");
  const write = useDeed(async () => {
    const body = { title: title.trim(), impact, state, components, text };
    const { id } = await act(api.POST("/api/admin/v1/incidents", { params: { header: once(body) }, body }));
    go({ to: "/incidents/$id", id }, true);
  });
  return (
    <Page title={t("admin.incidents.write")}>
      <BackTo place={{ to: "/incidents" }}>{t("admin.shell.incidents")}</BackTo>
      <Section title={t("admin.incidents.what")} hint={t("admin.incidents.writeHint")}>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            write.go();
          }}
        >
          <Stack>
            <TextInput
              label={t("admin.incidents.heading")}
              description={t("admin.incidents.headingHint")}
              maxLength={LONGEST_TITLE}
              required
              value={title}
              onChange={(event) => setTitle(event.currentTarget.value)}
            />
            <ImpactField value={impact} onChange={setImpact} />
            <Components value={components} onChange={setComponents} />
            <StageField value={state} onChange={setState} />
            <UpdateText value={text} onChange={setText} />
            <Failed failure={write.failure} />
            <Group justify="flex-end">
              <Button type="submit" loading={write.busy} disabled={title.trim() === "" || text.trim() === ""}>
                {t("admin.incidents.publish")}
              </Button>
            </Group>
          </Stack>
        </form>
      </Section>
    </Page>
  );
}
