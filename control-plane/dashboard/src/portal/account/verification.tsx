import { Button, Stack, Text, TextInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, once, take } from "../../api/client";
import type { PhoneDocument, VerificationDocument } from "../../api/schema";
import { Dialog } from "../../ui/confirm";
import { codeOf, Failed, useDeed } from "../../ui/deed";
import { verificationFailed } from "../../ui/explain";
import { wordsOf } from "../../ui/failure";
import { showNumber } from "../../ui/number";
import { moment } from "../../ui/time";
import { verificationQuery } from "../welcome/queries";

const LOOK_EVERY = 1_500;

/** Has a phone called, follows the call, and takes the code that was heard. */
export function Verification({ phone, close }: { phone: PhoneDocument; close: () => void }) {
  const { t } = useTranslation();
  const number = showNumber(phone.number);
  const [id, setId] = useState<string | null>(null);
  const path = { id: phone.id };
  const call = useDeed(async () => {
    const begun = await take(
      api.POST("/api/v1/account/phones/{id}/verification", { params: { path, header: once() } }),
    );
    setId(begun.id);
  });
  return (
    <Dialog title={t("account.verification.title", { number })} close={close}>
      <Stack>
        <Text size="sm">{t("account.verification.text", { number })}</Text>
        {id && <Standing key={id} id={id} />}
        {id && <Code phone={phone} close={close} />}
        <Failed failure={call.failure} />
        <Button
          onClick={() => call.go()}
          loading={call.busy}
          {...(id ? { variant: "default" } : { "data-autofocus": true })}
        >
          {id ? t("account.verification.again") : t("account.verification.call")}
        </Button>
      </Stack>
    </Dialog>
  );
}

function isUnderWay(verification: VerificationDocument | undefined): boolean {
  return !verification || verification.state === "queued" || verification.state === "calling";
}

/** How the call stands. */
function Standing({ id }: { id: string }) {
  const { t, i18n } = useTranslation();
  const { data, error } = useQuery({
    ...verificationQuery(id),
    refetchInterval: ({ state }) => (isUnderWay(state.data) ? LOOK_EVERY : false),
  });
  if (error) {
    return <Failed failure={error} />;
  }
  if (!data) {
    return null;
  }
  const why = data.reason && verificationFailed(data.reason, t);
  return (
    <Stack gap={4} role="status">
      {data.state !== "failed" && <Text fw={600}>{t(`account.verification.${data.state}`)}</Text>}
      {why && <Text {...(data.state === "failed" ? { fw: 600 } : { size: "sm", c: "dimmed" })}>{why}</Text>}
      {data.state !== "failed" && data.state !== "replaced" && (
        <Text size="sm" c="dimmed">
          {t("account.verification.until", { time: moment(data.expires_at, i18n.language) })}
        </Text>
      )}
    </Stack>
  );
}

function Code({ phone, close }: { phone: PhoneDocument; close: () => void }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [code, setCode] = useState("");
  const { go, busy, failure } = useDeed(async () => {
    await take(
      api.POST("/api/v1/account/phones/{id}/verification/code", {
        params: { path: { id: phone.id } },
        body: { code },
      }),
    );
    await queries.invalidateQueries({ queryKey: ["phones"] });
    notifications.show({ message: t("account.verification.done", { number: showNumber(phone.number) }) });
    close();
  });
  const isWrong = codeOf(failure) === "wrong_code";
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        go();
      }}
    >
      <Stack>
        <TextInput
          label={t("account.verification.code")}
          description={t("account.verification.codeHint")}
          inputMode="numeric"
          autoComplete="one-time-code"
          size="lg"
          required
          autoFocus
          className="digits"
          value={code}
          onChange={(event) => setCode(event.currentTarget.value)}
          error={isWrong && failure ? wordsOf(failure) : null}
        />
        <Failed failure={isWrong ? null : failure} />
        <Button type="submit" loading={busy}>
          {t("account.verification.go")}
        </Button>
      </Stack>
    </form>
  );
}
