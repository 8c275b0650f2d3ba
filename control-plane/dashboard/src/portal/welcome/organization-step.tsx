import { Anchor, Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { Link, useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api, take } from "../../api/client";
import { useSession, useSessionActions } from "../../api/session";
import { Failed, useDeed, useOnce } from "../../ui/deed";
import { TimeZone } from "../../ui/time-zone";
import { zoneHere } from "../../ui/zone-names";

/** Makes the organization. Its time zone is the browser's until somebody says otherwise. */
export function OrganizationStep() {
  const { t } = useTranslation();
  const { organizations } = useSession();
  const { reread } = useSessionActions();
  const navigate = useNavigate();
  const once = useOnce();
  const form = useForm({ initialValues: { name: "", timezone: zoneHere() } });
  const { go, busy, failure } = useDeed(async (body: { name: string; timezone: string }) => {
    const made = await take(api.POST("/api/v1/organizations", { params: { header: once(body) }, body }));
    await reread();
    await navigate({ to: "/welcome", search: { org: made.slug }, replace: true });
  });
  return (
    <form onSubmit={form.onSubmit(({ name, timezone }) => go({ name: name.trim(), timezone }))}>
      <Stack maw={420}>
        <TextInput
          label={t("welcome.organization.name")}
          placeholder={t("welcome.organization.namePlaceholder")}
          autoComplete="organization"
          maxLength={100}
          required
          {...form.getInputProps("name")}
        />
        <TimeZone
          label={t("welcome.organization.timezone")}
          description={t("welcome.organization.timezoneHint")}
          value={form.values.timezone}
          onChange={(zone) => zone && form.setFieldValue("timezone", zone)}
        />
        <Failed failure={failure} />
        <Button type="submit" size="md" loading={busy}>
          {t("welcome.organization.go")}
        </Button>
        {organizations.length > 0 && (
          <Group gap="xs">
            <Text size="sm">{t("welcome.organization.others")}</Text>
            {organizations.map(({ slug, name }) => (
              <Anchor
                key={slug}
                size="sm"
                className="inert"
                renderRoot={(props) => <Link to="/welcome" search={{ org: slug }} {...props} />}
              >
                {name}
              </Anchor>
            ))}
          </Group>
        )}
      </Stack>
    </form>
  );
}
