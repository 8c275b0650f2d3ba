import { Button, Checkbox, PasswordInput, Stack, Text } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api, take } from "../../api/client";
import { useSessionActions } from "../../api/session";
import { codeOf, Failed, useDeed } from "../../ui/deed";
import { Page } from "../../ui/page";
import { keptInvitation } from "./invitation";
import { NoToken, Said, Way } from "./said";
import { useToken } from "./token";

export function VerifyPage() {
  const { t } = useTranslation();
  const token = useToken();
  const navigate = useNavigate();
  const { enter } = useSessionActions();
  const form = useForm({ initialValues: { password: "", remember: true } });
  const { go, busy, failure } = useDeed(async (given: typeof form.values) => {
    enter(await take(api.POST("/api/v1/accounts/verify", { body: { token, ...given } })));
    await navigate({ to: keptInvitation() ? "/invite" : "/welcome" });
  });
  const code = codeOf(failure);
  const ways = (
    <>
      <Way to="/sign-in">{t("common.signIn")}</Way>
      <Way to="/sign-up">{t("entrance.signIn.up")}</Way>
    </>
  );
  if (!token) {
    return <NoToken>{ways}</NoToken>;
  }
  if (code === "link_void") {
    return (
      <Said title={t("entrance.void.title")} text={t("entrance.void.signUp")}>
        {ways}
      </Said>
    );
  }
  if (code === "address_taken") {
    return (
      <Said title={t("entrance.void.taken")} text={t("entrance.void.takenHint")}>
        <Way to="/sign-in">{t("common.signIn")}</Way>
        <Way to="/forgotten">{t("entrance.signIn.forgotten")}</Way>
      </Said>
    );
  }
  const isWrong = code === "wrong_credentials";
  return (
    <Page title={t("entrance.verify.title")}>
      <Text size="sm">{t("entrance.verify.hint")}</Text>
      <form onSubmit={form.onSubmit((given) => go(given))}>
        <Stack>
          <PasswordInput
            label={t("common.fields.password")}
            autoComplete="current-password"
            required
            {...form.getInputProps("password")}
            error={isWrong ? t("entrance.verify.wrong") : null}
          />
          <Checkbox label={t("common.fields.remember")} {...form.getInputProps("remember", { type: "checkbox" })} />
          <Failed failure={isWrong ? null : failure} />
          <Button type="submit" size="md" loading={busy}>
            {t("entrance.verify.go")}
          </Button>
        </Stack>
      </form>
    </Page>
  );
}
