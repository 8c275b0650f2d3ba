import { Button, PasswordInput, Stack, Text } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, take } from "../../api/client";
import { hold } from "../../api/gate";
import { sessionQuery } from "../../api/session";
import { codeOf, Failed, useDeed } from "../../ui/deed";
import { wordsOf } from "../../ui/failure";
import { PageButton } from "../../ui/link";
import { Page } from "../../ui/page";
import { NoToken, Said, Way } from "./said";
import { useToken } from "./token";

export function ResetPasswordPage() {
  const { t } = useTranslation();
  const token = useToken();
  const queries = useQueryClient();
  const [isDone, setDone] = useState(false);
  const form = useForm({ initialValues: { password: "" } });
  const { go, busy, failure } = useDeed(async (password: string) => {
    await take(api.POST("/api/v1/password-resets/complete", { body: { token, password } }));
    // That has ended this browser's session as well.
    hold(null);
    queries.clear();
    queries.setQueryData(sessionQuery.queryKey, null);
    setDone(true);
  });
  const code = codeOf(failure);
  if (isDone) {
    return (
      <Said title={t("entrance.reset.done")} text={t("entrance.reset.doneHint")}>
        <PageButton to="/sign-in" size="md">
          {t("common.signIn")}
        </PageButton>
      </Said>
    );
  }
  if (!token || code === "link_void") {
    const way = <Way to="/forgotten">{t("entrance.forgotten.go")}</Way>;
    return token ? (
      <Said title={t("entrance.void.title")} text={t("entrance.void.reset")}>
        {way}
      </Said>
    ) : (
      <NoToken>{way}</NoToken>
    );
  }
  const isWeak = code === "weak_password";
  return (
    <Page title={t("entrance.reset.title")}>
      <Text size="sm">{t("entrance.reset.hint")}</Text>
      <form onSubmit={form.onSubmit(({ password }) => go(password))}>
        <Stack>
          <PasswordInput
            label={t("entrance.reset.password")}
            description={t("entrance.signUp.passwordHint")}
            autoComplete="new-password"
            required
            {...form.getInputProps("password")}
            error={isWeak && failure ? wordsOf(failure) : null}
          />
          <Failed failure={isWeak ? null : failure} />
          <Button type="submit" size="md" loading={busy}>
            {t("entrance.reset.go")}
          </Button>
        </Stack>
      </form>
    </Page>
  );
}
