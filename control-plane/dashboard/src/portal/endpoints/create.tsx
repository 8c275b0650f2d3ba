import { Button, Group, Select, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api, take } from "../../api/client";
import { Dialog } from "../../ui/confirm";
import { Failed, useDeed, useOnce } from "../../ui/deed";
import { projectsQuery } from "../projects/reads";
import { KeyField, keyFits, rememberKey } from "./alert-key";
import { endpointQuery } from "./reads";
import { ScenarioSelect } from "./scenario-select";

export function CreateEndpoint({ org, project, close }: { org: string; project?: string; close: () => void }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const headers = useOnce();
  const { data: projects = [] } = useQuery(projectsQuery(org));
  const only = projects.length === 1 ? (projects[0]?.id ?? null) : null;
  const form = useForm({
    initialValues: {
      name: "",
      project: (project ?? only) as string | null,
      scenario: null as string | null,
      alert_key: "",
    },
    validate: {
      project: (chosen) => (chosen ? null : t("endpoints.project")),
      alert_key: (key) => (key === "" || keyFits(key) ? null : t("endpoints.key.wrong")),
    },
  });
  const { values } = form;
  const { go, busy, failure } = useDeed(async () => {
    const body = {
      name: values.name.trim(),
      ...(values.scenario ? { scenario: values.scenario } : {}),
      ...(values.alert_key ? { alert_key: values.alert_key } : {}),
    };
    const made = await take(
      api.POST("/api/v1/projects/{id}/endpoints", {
        params: {
          path: { id: values.project ?? "" },
          query: { org },
          header: headers({ ...body, in: values.project }),
        },
        body,
      }),
    );
    rememberKey(made.id, values.alert_key);
    queries.setQueryData(endpointQuery(org, made.id).queryKey, made);
    void queries.invalidateQueries({ queryKey: ["endpoints", org] });
    close();
    await navigate({ to: "/o/$org/endpoints/$id", params: { org, id: made.id }, search: {} });
  });
  return (
    <Dialog title={t("endpoints.create")} close={close} busy={busy}>
      <form onSubmit={form.onSubmit(() => go())}>
        <Stack>
          <TextInput
            label={t("endpoints.name")}
            description={t("endpoints.nameHint")}
            maxLength={100}
            autoComplete="off"
            data-autofocus
            {...form.getInputProps("name")}
          />
          {!project && (
            <Select
              label={t("endpoints.project")}
              data={projects.map(({ id, slug }) => ({ value: id, label: slug }))}
              required
              searchable
              allowDeselect={false}
              {...form.getInputProps("project")}
              onChange={(chosen) => form.setValues({ project: chosen, scenario: null })}
            />
          )}
          <ScenarioSelect
            org={org}
            project={values.project}
            value={values.scenario}
            change={(scenario) => form.setFieldValue("scenario", scenario)}
          />
          <KeyField
            label={t("endpoints.key.optional")}
            value={values.alert_key}
            change={(key) => form.setFieldValue("alert_key", key)}
            error={form.errors["alert_key"] as string | undefined}
          />
          <Failed failure={failure} />
          <Group justify="flex-end" gap="sm">
            <Button variant="default" onClick={close} disabled={busy}>
              {t("common.cancel")}
            </Button>
            <Button type="submit" loading={busy}>
              {t("endpoints.create")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}
