import { Button, Checkbox, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiError } from "../api/problem";
import { useSessionActions } from "../api/session";
import { wordsOf } from "./failure";

/** Address and password, and the second factor's code once it is asked for. A page may have more to say to a failure. */
export function SignInForm({ done, onFailure }: { done: () => void; onFailure?: (error: unknown) => void }) {
  const { t } = useTranslation();
  const { signIn } = useSessionActions();
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const [codeNeeded, setCodeNeeded] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (busy) {
      return;
    }
    const form = new FormData(event.currentTarget);
    const [email, password, code] = ["email", "password", "code"].map((name) => String(form.get(name) ?? ""));
    const given = { email: email ?? "", password: password ?? "", remember: form.has("remember") };
    setBusy(true);
    setFailure(null);
    try {
      await signIn(code ? { ...given, code: code.replaceAll(" ", "") } : given);
      done();
    } catch (error) {
      if (error instanceof ApiError && error.code === "code_needed") {
        // Nothing went wrong: it is the next step.
        setCodeNeeded(true);
      } else {
        setFailure(wordsOf(error));
        onFailure?.(error);
      }
    } finally {
      setBusy(false);
    }
  };
  return (
    <form onSubmit={(event) => void submit(event)}>
      <Stack>
        <TextInput
          name="email"
          label={t("common.fields.email")}
          type="email"
          autoComplete="username"
          required
          data-autofocus
        />
        <PasswordInput name="password" label={t("common.fields.password")} autoComplete="current-password" required />
        {codeNeeded && (
          <TextInput
            name="code"
            label={t("common.fields.code")}
            description={t("common.fields.codeHint")}
            autoComplete="one-time-code"
            required
            autoFocus
          />
        )}
        <Checkbox name="remember" defaultChecked label={t("common.fields.remember")} />
        {failure && (
          <Text c="red" size="sm" role="alert">
            {failure}
          </Text>
        )}
        <Button type="submit" size="md" loading={busy}>
          {t("common.signIn")}
        </Button>
      </Stack>
    </form>
  );
}
