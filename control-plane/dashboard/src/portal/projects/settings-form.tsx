import { Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { notifications } from "@mantine/notifications";
import { useTranslation } from "react-i18next";
import type { ProjectChange, ProjectDocument } from "../../api/schema";
import { Failed, useDeed } from "../../ui/deed";
import { Section } from "../../ui/section";
import { Time } from "../../ui/time";
import { SLUG } from "./create";
import { PersonSelect } from "./person-select";

/** What a project is called, and who is called. */
export function SettingsForm({
  org,
  project,
  save,
  readOnly,
}: {
  org: string;
  project: ProjectDocument;
  save: (change: ProjectChange) => Promise<unknown>;
  readOnly: boolean;
}) {
  const { t } = useTranslation();
  const form = useForm({
    initialValues: { slug: project.slug, primary: project.primary_account_id as string | null },
    validate: {
      slug: (slug) => (SLUG.test(slug.trim()) ? null : t("projects.slugWrong")),
      primary: (primary) => (primary ? null : t("projects.primaryNeeded")),
    },
  });
  const { go, busy, failure } = useDeed(async () => {
    const { slug, primary } = form.values;
    await save({ slug: slug.trim(), primary_account_id: primary ?? "" });
    notifications.show({ message: t("projects.saved"), color: "teal" });
  });
  return (
    <Section
      title={t("projects.settings")}
      hint={
        <>
          {t("projects.created")} <Time at={project.created_at} />
        </>
      }
    >
      <form onSubmit={form.onSubmit(() => go())}>
        <Stack maw={520}>
          <TextInput
            label={t("projects.slug")}
            description={t("projects.slugHint")}
            required
            maxLength={63}
            readOnly={readOnly}
            autoCapitalize="none"
            autoComplete="off"
            spellCheck={false}
            {...form.getInputProps("slug")}
          />
          <PersonSelect
            org={org}
            label={t("projects.primary")}
            description={t("projects.primaryHint")}
            value={form.values.primary}
            change={(primary) => form.setFieldValue("primary", primary)}
            error={form.errors["primary"] as string | undefined}
            readOnly={readOnly}
          />
          <Failed failure={failure} />
          {!readOnly && (
            <Group gap="sm">
              <Button type="submit" loading={busy} disabled={!form.isDirty()}>
                {t("common.save")}
              </Button>
              {form.isDirty() && (
                <Text size="sm" c="dimmed" role="status">
                  {t("projects.unsaved")}
                </Text>
              )}
            </Group>
          )}
        </Stack>
      </form>
    </Section>
  );
}
