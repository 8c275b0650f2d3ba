import { Button, Group, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api, take } from "../../api/client";
import { useSession } from "../../api/session";
import { Dialog } from "../../ui/confirm";
import { Failed, useDeed, useOnce } from "../../ui/deed";
import { PersonSelect } from "./person-select";
import { DEFAULT_POLICY } from "./policy";
import { projectQuery } from "./reads";

export const SLUG = /^[a-z0-9-]{1,63}$/;

export function CreateProject({ org, close }: { org: string; close: () => void }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const session = useSession();
  const headers = useOnce();
  const form = useForm({
    initialValues: { slug: "", primary: session.account.id as string | null },
    validate: {
      slug: (slug) => (SLUG.test(slug.trim()) ? null : t("projects.slugWrong")),
      primary: (primary) => (primary ? null : t("projects.primaryNeeded")),
    },
  });
  const { go, busy, failure } = useDeed(async () => {
    const body = {
      slug: form.values.slug.trim(),
      primary_account_id: form.values.primary ?? "",
      policy: DEFAULT_POLICY,
    };
    const made = await take(
      api.POST("/api/v1/projects", { params: { query: { org }, header: headers(body) }, body }),
    );
    queries.setQueryData(projectQuery(org, made.id).queryKey, made);
    void queries.invalidateQueries({ queryKey: ["projects", org] });
    close();
    await navigate({ to: "/o/$org/projects/$id", params: { org, id: made.id } });
  });
  return (
    <Dialog title={t("projects.create")} close={close} busy={busy}>
      <form onSubmit={form.onSubmit(() => go())}>
        <Stack>
          <TextInput
            label={t("projects.slug")}
            description={t("projects.slugHint")}
            required
            maxLength={63}
            autoCapitalize="none"
            autoComplete="off"
            spellCheck={false}
            data-autofocus
            {...form.getInputProps("slug")}
          />
          <PersonSelect
            org={org}
            label={t("projects.primary")}
            description={t("projects.primaryHint")}
            value={form.values.primary}
            change={(primary) => form.setFieldValue("primary", primary)}
            error={form.errors["primary"] as string | undefined}
          />
          <Failed failure={failure} />
          <Group justify="flex-end" gap="sm">
            <Button variant="default" onClick={close} disabled={busy}>
              {t("common.cancel")}
            </Button>
            <Button type="submit" loading={busy}>
              {t("projects.create")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}
