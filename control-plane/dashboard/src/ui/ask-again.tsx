/** Asks, above whatever is on the page, who somebody is: because their session is over, or because a deed takes a proof. */
import { Button, Checkbox, Modal, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, take } from "../api/client";
import { askWith, isNobody, sessionUrl, type Wanted } from "../api/gate";
import { ApiError } from "../api/problem";
import { sessionQuery, useSessionActions } from "../api/session";
import { wordsOf } from "./failure";

interface Asked {
  wanted: Wanted;
  answer: (done: boolean) => void;
}

export function AskAgain() {
  const [asked, setAsked] = useState<Asked | null>(null);
  useEffect(() => {
    askWith((wanted) => new Promise((answer) => setAsked({ wanted, answer })));
  }, []);
  const { t } = useTranslation();
  const finish = (done: boolean) => {
    asked?.answer(done);
    setAsked(null);
  };
  return (
    <Modal
      opened={asked !== null}
      onClose={() => finish(false)}
      title={asked?.wanted === "proof" ? t("common.proof.title") : t("common.again.title")}
      closeButtonProps={{ "aria-label": t("common.close") }}
      zIndex={400}
      centered
    >
      {asked && (
        <Who
          wanted={asked.wanted}
          done={() => finish(true)}
          isOver={() => setAsked({ ...asked, wanted: "sign-in" })}
        />
      )}
    </Modal>
  );
}

/** `isOver`: there is no session any more that a proof could be of. Signing in is one as well. */
function Who({ wanted, done, isOver }: { wanted: Wanted; done: () => void; isOver: () => void }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const { enter, signIn } = useSessionActions();
  const session = queries.getQueryData(sessionQuery.queryKey);
  const [failure, setFailure] = useState<string | null>(null);
  const [codeNeeded, setCodeNeeded] = useState(session?.account.second_factor ?? false);
  const form = useForm({ initialValues: { password: "", code: "", remember: false } });
  const submit = form.onSubmit(async ({ password, code, remember }) => {
    setFailure(null);
    const shown = code ? { password, code: code.replaceAll(" ", "") } : { password };
    try {
      if (wanted === "proof") {
        enter(await take(api.POST(`${sessionUrl()}/proof` as const, { body: shown })));
      } else {
        await signIn({ email: session?.account.email ?? "", remember, ...shown });
      }
      done();
    } catch (error) {
      if (wanted === "proof" && error instanceof ApiError && isNobody(error.code)) {
        isOver();
        return;
      }
      if (error instanceof ApiError && error.code === "code_needed") {
        setCodeNeeded(true);
      }
      setFailure(wordsOf(error));
    }
  });
  return (
    <form onSubmit={submit}>
      <Stack>
        <Text size="sm">{wanted === "proof" ? t("common.proof.hint") : t("common.again.hint")}</Text>
        <TextInput
          label={t("common.fields.email")}
          value={session?.account.email ?? ""}
          readOnly
          autoComplete="username"
        />
        <PasswordInput
          label={t("common.fields.password")}
          autoComplete="current-password"
          required
          data-autofocus
          {...form.getInputProps("password")}
        />
        {codeNeeded && (
          <TextInput
            label={t("common.fields.code")}
            description={t("common.fields.codeHint")}
            autoComplete="one-time-code"
            inputMode="text"
            required
            {...form.getInputProps("code")}
          />
        )}
        {wanted === "sign-in" && (
          <Checkbox label={t("common.fields.remember")} {...form.getInputProps("remember", { type: "checkbox" })} />
        )}
        {failure && (
          <Text c="red" size="sm" role="alert">
            {failure}
          </Text>
        )}
        <Button type="submit" loading={form.submitting}>
          {wanted === "proof" ? t("common.proof.go") : t("common.signIn")}
        </Button>
      </Stack>
    </form>
  );
}
