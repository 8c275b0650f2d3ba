import { Button, Checkbox, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiError } from "../api/problem";
import { useSessionActions } from "../api/session";
import { wordsOf } from "./failure";

/** Address and password, and the second factor's code once it is asked for. A page may have more to say to a failure. */
export function SignInForm({ done, onFailure }: { done: () => void; onFailure?: (error: unknown) => void }) {
  const { t } = useTranslation();
  const { signIn } = useSessionActions();
  const [failure, setFailure] = useState<string | null>(null);
  const [codeNeeded, setCodeNeeded] = useState(false);
  const form = useForm({ initialValues: { email: "", password: "", code: "", remember: true } });
  const submit = form.onSubmit(async ({ email, password, code, remember }) => {
    setFailure(null);
    try {
      await signIn({ email, password, remember, ...(code ? { code: code.replaceAll(" ", "") } : {}) });
      done();
    } catch (error) {
      if (error instanceof ApiError && error.code === "code_needed") {
        // Nothing went wrong: it is the next step.
        setCodeNeeded(true);
      } else {
        setFailure(wordsOf(error));
        onFailure?.(error);
      }
    }
  });
  return (
    <form onSubmit={submit}>
      <Stack>
        <TextInput
          label={t("common.fields.email")}
          type="email"
          autoComplete="username"
          required
          data-autofocus
          {...form.getInputProps("email")}
        />
        <PasswordInput
          label={t("common.fields.password")}
          autoComplete="current-password"
          required
          {...form.getInputProps("password")}
        />
        {codeNeeded && (
          <TextInput
            label={t("common.fields.code")}
            description={t("common.fields.codeHint")}
            autoComplete="one-time-code"
            required
            autoFocus
            {...form.getInputProps("code")}
          />
        )}
        <Checkbox label={t("common.fields.remember")} {...form.getInputProps("remember", { type: "checkbox" })} />
        {failure && (
          <Text c="red" size="sm" role="alert">
            {failure}
          </Text>
        )}
        <Button type="submit" size="md" loading={form.submitting}>
          {t("common.signIn")}
        </Button>
      </Stack>
    </form>
  );
}
