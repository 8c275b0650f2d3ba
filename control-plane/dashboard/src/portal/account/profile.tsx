import { Button, Group, Select, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { notifications } from "@mantine/notifications";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, take } from "../../api/client";
import { useSession, useSessionActions } from "../../api/session";
import { choose, LANGUAGES, type LanguageCode } from "../../texts";
import { Failed, useDeed } from "../../ui/deed";
import { Section } from "../../ui/section";
import { AccountPage } from "./account-page";
import { CloseAccount } from "./close";

export function ProfilePage() {
  const { t } = useTranslation();
  return (
    <AccountPage title={t("shell.profile")}>
      <AboutYou />
      <Address />
      <CloseAccount />
    </AccountPage>
  );
}

function AboutYou() {
  const { t } = useTranslation();
  const { account } = useSession();
  const { reread } = useSessionActions();
  const [language, setLanguage] = useState<LanguageCode>(account.language);
  const form = useForm({ initialValues: { display_name: account.display_name } });
  const { go, busy, failure } = useDeed(async ({ display_name }: typeof form.values) => {
    await take(api.PATCH("/api/v1/account", { body: { display_name, language } }));
    if (language !== account.language) {
      await choose(language);
    }
    await reread();
    notifications.show({ message: t("account.profile.saved") });
  });
  return (
    <Section title={t("account.profile.about")}>
      <form onSubmit={form.onSubmit((change) => go(change))}>
        <Stack maw={420}>
          <TextInput
            label={t("account.profile.name")}
            description={t("account.profile.nameHint")}
            autoComplete="name"
            maxLength={100}
            {...form.getInputProps("display_name")}
          />
          <Select
            label={t("account.profile.language")}
            description={t("account.profile.languageHint")}
            data={Object.entries(LANGUAGES).map(([value, label]) => ({ value, label }))}
            value={language}
            onChange={(value) => value && setLanguage(value as LanguageCode)}
            allowDeselect={false}
          />
          {account.language !== language && (
            <Text size="sm" c="dimmed">
              {t("account.profile.lettersIn", { language: LANGUAGES[account.language] })}
            </Text>
          )}
          <Failed failure={failure} />
          <Group>
            <Button type="submit" loading={busy}>
              {t("common.save")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Section>
  );
}

function Address() {
  const { t } = useTranslation();
  const { account } = useSession();
  const [asked, setAsked] = useState<string | null>(null);
  const form = useForm({ initialValues: { email: "" } });
  const { go, busy, failure } = useDeed(async ({ email }: typeof form.values) => {
    await take(api.POST("/api/v1/account/email", { body: { email } }));
    setAsked(email);
  });
  return (
    <Section title={t("account.profile.email")} hint={t("account.profile.emailHint")}>
      <Text fw={600} className="inert">
        {account.email}
      </Text>
      <form onSubmit={form.onSubmit((wish) => go(wish))}>
        <Stack maw={420}>
          <TextInput
            label={t("account.profile.newEmail")}
            type="email"
            autoComplete="email"
            required
            {...form.getInputProps("email")}
          />
          {asked && (
            <Text size="sm" role="status" className="inert">
              {t("account.profile.asked", { email: asked, current: account.email })}
            </Text>
          )}
          <Failed failure={failure} />
          <Group>
            <Button type="submit" variant="default" loading={busy}>
              {asked && asked === form.values.email ? t("entrance.mail.again") : t("account.profile.ask")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Section>
  );
}
