import { Alert, Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { notifications } from "@mantine/notifications";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api, take } from "../../api/client";
import type { MembershipDocument } from "../../api/schema";
import { useSessionActions } from "../../api/session";
import { codeOf, Failed, useDeed } from "../../ui/deed";
import { Page } from "../../ui/page";
import { Section } from "../../ui/section";
import { TimeZone } from "../../ui/time-zone";
import { useOrganization } from "../organization";
import { DeleteOrganization } from "./delete";
import { Leave } from "./leave";

export function SettingsPage() {
  const { t } = useTranslation();
  const { membership, governs, owns } = useOrganization();
  if (!membership) {
    return null;
  }
  return (
    <Page title={t("shell.settings")}>
      <Stack gap="md" maw={860}>
        <About key={membership.id} membership={membership} mayChange={governs} />
        <Section
          title={t("settings.leave")}
          hint={t("settings.leaveHint")}
          aside={<Leave membership={membership} />}
        />
        {owns && (
          <Section
            danger
            title={t("settings.delete")}
            hint={t("settings.deleteHint")}
            aside={<DeleteOrganization membership={membership} />}
          />
        )}
      </Stack>
    </Page>
  );
}

function About({ membership, mayChange }: { membership: MembershipDocument; mayChange: boolean }) {
  const { t } = useTranslation();
  const { reread } = useSessionActions();
  const navigate = useNavigate();
  const { name, slug, timezone } = membership;
  const form = useForm({
    initialValues: { name, slug, timezone },
    validateInputOnBlur: true,
    validate: { slug: (value) => (/^[a-z0-9-]+$/.test(value) ? null : t("settings.slugBad")) },
  });
  const { go, busy, failure } = useDeed(async (body: typeof form.values) => {
    const changed = await take(api.PATCH("/api/v1/organization", { params: { query: { org: slug } }, body }));
    await reread();
    notifications.show({ message: t("settings.saved") });
    if (changed.slug !== slug) {
      await navigate({ to: "/o/$org/settings", params: { org: changed.slug }, replace: true });
    }
  });
  const isTaken = codeOf(failure) === "slug_taken";
  const isRenamed = form.values.slug !== slug;
  return (
    <Section title={t("settings.about")} hint={mayChange ? null : t("settings.readOnly")}>
      <form onSubmit={form.onSubmit((body) => go(body))}>
        <Stack maw={480}>
          <TextInput
            label={t("settings.name")}
            required={mayChange}
            maxLength={100}
            readOnly={!mayChange}
            {...form.getInputProps("name")}
          />
          <TextInput
            label={t("settings.slug")}
            description={t("settings.slugHint")}
            required={mayChange}
            maxLength={63}
            autoCapitalize="none"
            spellCheck={false}
            readOnly={!mayChange}
            {...form.getInputProps("slug")}
            error={form.errors["slug"] ?? (isTaken ? t("settings.slugTaken") : null)}
          />
          {isRenamed && !form.errors["slug"] && (
            <Alert color="orange.9" variant="outline" icon={<IconAlertTriangle aria-hidden />}>
              <Text size="sm">{t("settings.slugWarning", { path: `/o/${form.values.slug}/…` })}</Text>
            </Alert>
          )}
          <TimeZone
            label={t("settings.timezone")}
            description={t("settings.timezoneHint")}
            disabled={!mayChange}
            {...form.getInputProps("timezone")}
            value={form.values.timezone}
          />
          <Failed failure={isTaken ? null : failure} />
          {mayChange && (
            <Group>
              <Button type="submit" loading={busy} disabled={!form.isDirty()}>
                {t("common.save")}
              </Button>
            </Group>
          )}
        </Stack>
      </form>
    </Section>
  );
}
