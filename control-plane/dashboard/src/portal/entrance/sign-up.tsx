import { Button, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, take } from "../../api/client";
import type { SignUp } from "../../api/schema";
import { sessionQuery } from "../../api/session";
import type { LanguageCode } from "../../texts";
import { codeOf, Failed, useDeed } from "../../ui/deed";
import { wordsOf } from "../../ui/failure";
import { Page } from "../../ui/page";
import { invitationQuery, keptInvitation } from "./invitation";
import { LetterSent } from "./letter";
import { Way } from "./said";

export function SignUpPage() {
  const { t, i18n } = useTranslation();
  // Letters and calls begin in the language that somebody reads here.
  const ask = (wish: SignUp) =>
    take(api.POST("/api/v1/accounts", { body: { ...wish, language: i18n.language as LanguageCode } }));
  const [sent, setSent] = useState<SignUp | null>(null);
  const { data: invitation } = useQuery(invitationQuery(keptInvitation()));
  const form = useForm({ initialValues: { display_name: "", email: "", password: "" } });
  const { setFieldValue } = form;
  const invited = invitation?.email;
  useEffect(() => {
    if (invited) {
      setFieldValue("email", invited);
    }
  }, [invited, setFieldValue]);
  const { go, busy, failure } = useDeed(async (wish: SignUp) => {
    await ask(wish);
    setSent(wish);
  });
  if (sent) {
    return (
      <LetterSent text={t("entrance.mail.signUp", { email: sent.email })} send={() => ask(sent)}>
        {invitation && <Back organization={invitation.organization} />}
        <Button variant="subtle" onClick={() => setSent(null)}>
          {t("entrance.mail.other")}
        </Button>
      </LetterSent>
    );
  }
  const isWeak = codeOf(failure) === "weak_password";
  return (
    <Page title={t("entrance.signUp.title")}>
      <Text size="sm" className="inert">
        {invitation ? t("entrance.signUp.joins", { ...invitation }) : t("entrance.signUp.hint")}
      </Text>
      <form onSubmit={form.onSubmit((wish) => go(wish))}>
        <Stack>
          <TextInput
            label={t("entrance.signUp.name")}
            description={t("entrance.signUp.nameHint")}
            autoComplete="name"
            maxLength={100}
            {...form.getInputProps("display_name")}
          />
          <TextInput
            label={t("common.fields.email")}
            type="email"
            autoComplete="username"
            required
            maxLength={254}
            {...form.getInputProps("email")}
          />
          <PasswordInput
            label={t("common.fields.password")}
            description={t("entrance.signUp.passwordHint")}
            autoComplete="new-password"
            required
            {...form.getInputProps("password")}
            error={isWeak && failure ? wordsOf(failure) : null}
          />
          <Failed failure={isWeak ? null : failure} />
          <Button type="submit" size="md" loading={busy}>
            {t("entrance.signUp.go")}
          </Button>
        </Stack>
      </form>
      <Way to="/sign-in" search={keptInvitation() ? { to: "/invite" } : {}}>
        {t("entrance.signUp.already")}
      </Way>
    </Page>
  );
}

/** The link of the letter opens in a tab of its own: here the invitation waits meanwhile. */
function Back({ organization }: { organization: string }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [isEarly, setEarly] = useState(false);
  const look = async () => {
    const session = await queries.fetchQuery({ ...sessionQuery, staleTime: 0 });
    if (session) {
      await navigate({ to: "/invite" });
    } else {
      setEarly(true);
    }
  };
  return (
    <>
      <Text className="inert">{t("entrance.mail.invited", { organization })}</Text>
      <Button onClick={() => void look()}>{t("entrance.mail.confirmed")}</Button>
      {isEarly && (
        <Stack gap={4}>
          <Text size="sm" role="alert">
            {t("entrance.mail.notYet")}
          </Text>
          <Way to="/sign-in" search={{ to: "/invite" }}>
            {t("common.signIn")}
          </Way>
        </Stack>
      )}
    </>
  );
}
