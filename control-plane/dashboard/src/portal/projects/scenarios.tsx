import { Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useDisclosure } from "@mantine/hooks";
import { IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { ProjectDocument } from "../../api/schema";
import { Dialog } from "../../ui/confirm";
import { Failure } from "../../ui/failure";
import { PageLink } from "../../ui/link";
import { Loading } from "../../ui/page";
import { Section } from "../../ui/section";
import { Time } from "../../ui/time";
import { scenariosQuery } from "../scenarios/reads";

export function ScenariosOfProject({
  org,
  project,
  governs,
}: {
  org: string;
  project: ProjectDocument;
  governs: boolean;
}) {
  const { t } = useTranslation();
  const [isNaming, { open, close }] = useDisclosure(false);
  const scenarios = useQuery(scenariosQuery(org, project.id));
  return (
    <Section
      title={t("projects.scenarios.title")}
      hint={t("projects.scenarios.hint")}
      aside={
        governs && (
          <Button variant="default" leftSection={<IconPlus size={18} aria-hidden />} onClick={open}>
            {t("projects.scenarios.create")}
          </Button>
        )
      }
    >
      {scenarios.error && <Failure error={scenarios.error} retry={() => void scenarios.refetch()} />}
      {!scenarios.data ? (
        scenarios.isPending && <Loading rows={2} height={40} />
      ) : scenarios.data.length === 0 ? (
        <Text size="sm" c="dimmed">
          {t("projects.scenarios.none")}
        </Text>
      ) : (
        <Stack gap="xs" component="ul" p={0} m={0}>
          {scenarios.data.map((scenario) => (
            <Group key={scenario.name} component="li" justify="space-between" gap="xs">
              <PageLink
                to="/o/$org/projects/$id/scenarios/$name"
                params={{ org, id: project.id, name: scenario.name }}
                search={{}}
                fw={600}
                className="inert"
                c="var(--chosen)"
              >
                {scenario.name}
              </PageLink>
              <Text size="sm" c="dimmed" component="div">
                {t("projects.scenarios.rules", { count: scenario.rule.length })} · {t("projects.scenarios.changed")}{" "}
                <Time at={scenario.updated_at} />
              </Text>
            </Group>
          ))}
        </Stack>
      )}
      {isNaming && <NameScenario org={org} project={project.id} close={close} />}
    </Section>
  );
}

/** A new scenario begins with its name: it is made once its rules are saved. */
export function NameScenario({
  org,
  project,
  request,
  close,
}: {
  org: string;
  project: string;
  request?: string;
  close: () => void;
}) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const form = useForm({
    initialValues: { name: "" },
    validate: {
      name: (name) =>
        name.trim() === "" || [...name.trim()].length > 100 || /\p{Cc}/u.test(name.trim())
          ? t("projects.scenarios.nameWrong")
          : null,
    },
  });
  const go = form.onSubmit(({ name }) => {
    close();
    void navigate({
      to: "/o/$org/projects/$id/scenarios/$name",
      params: { org, id: project, name: name.trim() },
      search: request ? { request } : {},
    });
  });
  return (
    <Dialog title={t("projects.scenarios.create")} close={close}>
      <form onSubmit={go}>
        <Stack>
          <TextInput
            label={t("projects.scenarios.name")}
            description={t("projects.scenarios.nameHint")}
            required
            data-autofocus
            autoComplete="off"
            {...form.getInputProps("name")}
          />
          <Group justify="flex-end" gap="sm">
            <Button variant="default" onClick={close}>
              {t("common.cancel")}
            </Button>
            <Button type="submit">{t("projects.scenarios.go")}</Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}
