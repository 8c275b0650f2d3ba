import { Alert, Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useDisclosure } from "@mantine/hooks";
import { notifications } from "@mantine/notifications";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api, take } from "../../api/client";
import type { EndpointChange, EndpointDocument } from "../../api/schema";
import { Confirm } from "../../ui/confirm";
import { Failed, useDeed } from "../../ui/deed";
import { Failure } from "../../ui/failure";
import { PageLink } from "../../ui/link";
import { Loading, Page } from "../../ui/page";
import { Section } from "../../ui/section";
import { Time } from "../../ui/time";
import { useOrganization } from "../organization";
import { projectQuery } from "../projects/reads";
import { AlertKey } from "./alert-key";
import { endpointQuery } from "./reads";
import { Requests } from "./requests";
import { Rotate } from "./rotate";
import { ScenarioSelect } from "./scenario-select";
import { SendHere } from "./send";
import { TestAlert } from "./test-alert";

export function EndpointPage() {
  const { t } = useTranslation();
  const { org } = useOrganization();
  const { id = "" } = useParams({ strict: false });
  const endpoint = useQuery(endpointQuery(org, id));
  const project = useQuery({
    ...projectQuery(org, endpoint.data?.project_id ?? ""),
    enabled: endpoint.data !== undefined,
  });
  const queries = useQueryClient();
  const failure = endpoint.error && <Failure error={endpoint.error} retry={() => void endpoint.refetch()} />;
  if (!endpoint.data) {
    return <Page title={t("endpoints.title")}>{failure ?? <Loading rows={4} height={120} />}</Page>;
  }
  const { queryKey } = endpointQuery(org, id);
  const name = endpoint.data.name || t("endpoints.unnamed");
  const took = async (changed: EndpointDocument) => {
    // What was asked before the write may be answered after it, with what is no more.
    await queries.cancelQueries({ queryKey });
    queries.setQueryData(queryKey, changed);
    await queries.invalidateQueries({ queryKey: ["endpoints", org] });
  };
  const save = async (body: EndpointChange) => {
    await queries.cancelQueries({ queryKey });
    await took(await take(api.PATCH("/api/v1/endpoints/{id}", { params: { path: { id }, query: { org } }, body })));
  };
  const former = endpoint.data.former_url_until;
  return (
    <Page title={name}>
      {failure}
      <Text size="sm" c="dimmed" component="div">
        {project.data && (
          <PageLink
            to="/o/$org/projects/$id"
            params={{ org, id: project.data.id }}
            underline="always"
            size="sm"
            className="inert"
            c="var(--chosen)"
          >
            {t("projects.one", { slug: project.data.slug })}
          </PageLink>
        )}{" "}
        · {t("endpoints.created")} <Time at={endpoint.data.created_at} />
        {endpoint.data.rotated_at && (
          <>
            {" "}
            · {t("endpoints.rotate.last")} <Time at={endpoint.data.rotated_at} />
          </>
        )}
      </Text>
      {former && new Date(former).getTime() > Date.now() && (
        <Alert color="orange" variant="outline">
          {t("endpoints.rotate.former")} <Time at={former} absolute />
        </Alert>
      )}
      <SendHere endpoint={endpoint.data} />
      <TestAlert org={org} endpoint={endpoint.data} />
      <Requests org={org} endpoint={id} />
      <Settings
        key={`${endpoint.data.name} ${endpoint.data.scenario}`}
        org={org}
        endpoint={endpoint.data}
        save={save}
      />
      <AlertKey endpoint={endpoint.data} name={name} save={save} />
      <Rotate org={org} endpoint={endpoint.data} name={name} took={took} />
      <RemoveEndpoint org={org} endpoint={endpoint.data} name={name} />
    </Page>
  );
}

function Settings({
  org,
  endpoint,
  save,
}: {
  org: string;
  endpoint: EndpointDocument;
  save: (change: EndpointChange) => Promise<unknown>;
}) {
  const { t } = useTranslation();
  const form = useForm({
    initialValues: { name: endpoint.name, scenario: (endpoint.scenario ?? null) as string | null },
  });
  const { go, busy, failure } = useDeed(async () => {
    await save({ name: form.values.name.trim(), scenario: form.values.scenario });
    notifications.show({ message: t("endpoints.saved"), color: "teal" });
  });
  return (
    <Section title={t("endpoints.settings")}>
      <form onSubmit={form.onSubmit(() => go())}>
        <Stack maw={520}>
          <TextInput
            label={t("endpoints.name")}
            description={t("endpoints.nameHint")}
            maxLength={100}
            autoComplete="off"
            {...form.getInputProps("name")}
          />
          <ScenarioSelect
            org={org}
            project={endpoint.project_id}
            value={form.values.scenario}
            change={(scenario) => form.setFieldValue("scenario", scenario)}
          />
          <Failed failure={failure} />
          <Group gap="md">
            <Button type="submit" loading={busy} disabled={!form.isDirty()}>
              {t("common.save")}
            </Button>
            {endpoint.scenario && (
              <PageLink
                to="/o/$org/projects/$id/scenarios/$name"
                params={{ org, id: endpoint.project_id, name: endpoint.scenario }}
                search={{}}
                size="sm"
                c="var(--chosen)"
              >
                {t("endpoints.openScenario")}
              </PageLink>
            )}
          </Group>
        </Stack>
      </form>
    </Section>
  );
}

function RemoveEndpoint({ org, endpoint, name }: { org: string; endpoint: EndpointDocument; name: string }) {
  const { t } = useTranslation();
  const [isAsking, { open, close }] = useDisclosure(false);
  const navigate = useNavigate();
  const queries = useQueryClient();
  const remove = async () => {
    await take(api.DELETE("/api/v1/endpoints/{id}", { params: { path: { id: endpoint.id }, query: { org } } }));
    notifications.show({ message: t("endpoints.remove.gone", { name }), color: "teal" });
    await queries.invalidateQueries({ queryKey: ["endpoints", org] });
    await navigate({ to: "/o/$org/endpoints", params: { org }, search: {} });
  };
  return (
    <Section title={t("endpoints.remove.title")} hint={t("endpoints.remove.hint")} danger>
      <Stack align="flex-start">
        <Button color="red.8" onClick={open}>
          {t("endpoints.remove.title")}
        </Button>
      </Stack>
      {isAsking && (
        <Confirm
          title={t("endpoints.remove.ask", { name })}
          action={t("endpoints.remove.go")}
          does={remove}
          close={close}
        >
          <Text size="sm">{t("endpoints.remove.hint")}</Text>
        </Confirm>
      )}
    </Section>
  );
}
