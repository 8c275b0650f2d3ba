import { Button, Group, PasswordInput, Stack } from "@mantine/core";
import { useForm } from "@mantine/form";
import { notifications } from "@mantine/notifications";
import { useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, take } from "../../api/client";
import { useSession } from "../../api/session";
import { codeOf, Failed, useDeed } from "../../ui/deed";
import { wordsOf } from "../../ui/failure";
import { Section } from "../../ui/section";
import { AccountPage } from "./account-page";
import { SecondFactor } from "./second-factor";
import { Sessions } from "./sessions";

export function SecurityPage() {
  const { t } = useTranslation();
  return (
    <AccountPage title={t("shell.security")}>
      <SecondFactor />
      <Password />
      <Sessions />
    </AccountPage>
  );
}

function Password() {
  const { t } = useTranslation();
  const { account } = useSession();
  const queries = useQueryClient();
  const form = useForm({ initialValues: { password: "" } });
  const { go, busy, failure } = useDeed(async (body: typeof form.values) => {
    await take(api.PUT("/api/v1/account/password", { body }));
    form.reset();
    notifications.show({ message: t("account.security.passwordDone") });
    await queries.invalidateQueries({ queryKey: ["sessions"] });
  });
  const isWeak = codeOf(failure) === "weak_password";
  return (
    <Section title={t("account.security.password")} hint={t("account.security.passwordHint")}>
      <form onSubmit={form.onSubmit((body) => go(body))}>
        <Stack maw={420}>
          <input type="hidden" name="username" autoComplete="username" value={account.email} readOnly />
          <PasswordInput
            label={t("account.security.newPassword")}
            description={t("entrance.signUp.passwordHint")}
            autoComplete="new-password"
            required
            {...form.getInputProps("password")}
            error={isWeak && failure ? wordsOf(failure) : null}
          />
          <Failed failure={isWeak ? null : failure} />
          <Group>
            <Button type="submit" variant="default" loading={busy}>
              {t("account.security.passwordGo")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Section>
  );
}
