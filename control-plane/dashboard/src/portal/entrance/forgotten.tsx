import { Button, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, take } from "../../api/client";
import { Failed, useDeed } from "../../ui/deed";
import { Page } from "../../ui/page";
import { LetterSent } from "./letter";
import { Way } from "./said";

const ask = (email: string) => take(api.POST("/api/v1/password-resets", { body: { email } }));

export function ForgottenPage() {
  const { t } = useTranslation();
  const [sent, setSent] = useState<string | null>(null);
  const form = useForm({ initialValues: { email: "" } });
  const { go, busy, failure } = useDeed(async (email: string) => {
    await ask(email);
    setSent(email);
  });
  if (sent) {
    return (
      <LetterSent text={t("entrance.mail.reset", { email: sent })} send={() => ask(sent)}>
        <Button variant="subtle" onClick={() => setSent(null)}>
          {t("entrance.mail.other")}
        </Button>
      </LetterSent>
    );
  }
  return (
    <Page title={t("entrance.forgotten.title")}>
      <Text size="sm">{t("entrance.forgotten.hint")}</Text>
      <form onSubmit={form.onSubmit(({ email }) => go(email))}>
        <Stack>
          <TextInput
            label={t("common.fields.email")}
            type="email"
            autoComplete="username"
            required
            {...form.getInputProps("email")}
          />
          <Failed failure={failure} />
          <Button type="submit" size="md" loading={busy}>
            {t("entrance.forgotten.go")}
          </Button>
        </Stack>
      </form>
      <Way to="/sign-in">{t("entrance.forgotten.back")}</Way>
    </Page>
  );
}
