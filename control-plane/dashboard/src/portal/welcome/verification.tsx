import { Alert, Button, Group, Input, PinInput, Stack, Text } from "@mantine/core";
import { IconPhoneCall } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import type { TFunction } from "i18next";
import { useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, once, take } from "../../api/client";
import { ApiError } from "../../api/problem";
import type { PhoneDocument, VerificationDocument } from "../../api/schema";
import { codeOf, Failed, useDeed } from "../../ui/deed";
import { reasonWhy, verificationFailed } from "../../ui/explain";
import { wordsOf } from "../../ui/failure";
import { showNumber } from "../../ui/number";
import { moment } from "../../ui/time";
import { verificationQuery } from "./queries";

const DIGITS = 6;

/** How the call that speaks the code stands, in a sentence. */
function standing(
  verification: VerificationDocument | undefined,
  isAsked: boolean,
  number: string,
  t: TFunction,
): string {
  switch (verification?.state) {
    case undefined:
      return t(isAsked ? "welcome.phone.queued" : "welcome.phone.ready", { number });
    case "queued":
      return verification.reason
        ? t("welcome.phone.queuedFor", { number, reason: reasonWhy(verification.reason, t) ?? verification.reason })
        : t("welcome.phone.queued", { number });
    case "calling":
      return t("welcome.phone.calling", { number });
    case "spoken":
      return t("welcome.phone.spoken");
    case "replaced":
      return t("welcome.phone.replaced");
    case "failed":
      return verificationFailed(verification.reason, t);
  }
}

/** Why a number or a call was refused, and what to do. */
export function phoneFailure(failure: Error, t: TFunction): string {
  const code = codeOf(failure);
  if (code === "number_forbidden" && failure instanceof ApiError) {
    // The detail names the reason by its word.
    const reason = failure.problem.detail.match(/\b(number_[a-z_]+|country_not_allowed|do_not_call)\b/)?.[1];
    return (reason && reasonWhy(reason, t)) || wordsOf(failure);
  }
  if (code === "phone_taken") {
    return t("welcome.phone.taken");
  }
  if (code === "too_many_tries") {
    return t("welcome.phone.tooOften");
  }
  return wordsOf(failure);
}

/** Why a code was not taken. */
function codeFailure(failure: Error, t: TFunction): string {
  const code = codeOf(failure);
  if (code === "wrong_code" && failure instanceof ApiError) {
    const left = failure.problem.detail.match(/(\d+) tr/)?.[1];
    return left ? t("welcome.phone.wrong", { count: Number(left) }) : wordsOf(failure);
  }
  return code === "no_code" ? t("welcome.phone.noCode") : wordsOf(failure);
}

/** Whether the call is still to come to something. */
function isOpen({ state }: VerificationDocument): boolean {
  return state === "queued" || state === "calling";
}

/** The call that speaks a code, while it rings and after, and where the code is typed in. */
export function Verification({
  phone,
  id,
  called,
  other,
  verified,
}: {
  phone: PhoneDocument;
  id: string | null;
  called: (id: string) => void;
  /** Takes another number; left out where the phone is one of several. */
  other?: () => void;
  verified?: () => void;
}) {
  const { t, i18n } = useTranslation();
  const [hasCode, setHasCode] = useState(false);
  const path = { id: phone.id };
  const { data: verification, error } = useQuery({
    ...verificationQuery(id),
    refetchInterval: ({ state: { data } }) => (!data || isOpen(data) ? 1_000 : false),
  });
  const call = useDeed(async () => {
    const asked = api.POST("/api/v1/account/phones/{id}/verification", { params: { path, header: once() } });
    called((await take(asked)).id);
  });
  const isUnderWay = verification !== undefined && isOpen(verification);
  const isFailed = verification?.state === "failed";
  const isGood = verification && !isFailed && verification.state !== "replaced";
  const asksCode = hasCode || (id !== null && !isFailed);
  return (
    <Stack maw={460}>
      <Alert
        role="status"
        variant="outline"
        color={isFailed ? "red.8" : "blue.8"}
        icon={<IconPhoneCall aria-hidden {...(isUnderWay ? { className: "pulse" } : {})} />}
      >
        <Text fw={500} className="inert digits">
          {standing(verification, id !== null, showNumber(phone.number), t)}
        </Text>
      </Alert>
      <Failed failure={error} />
      {asksCode && <Code phone={phone} verified={verified} />}
      {isGood && (
        <Text size="sm" c="dimmed">
          {t("welcome.phone.until", { time: moment(verification.expires_at, i18n.language) })}
        </Text>
      )}
      {call.failure && (
        <Text c="red" size="sm" role="alert">
          {phoneFailure(call.failure, t)}
        </Text>
      )}
      <Group gap="xs">
        <Button
          size="md"
          variant={asksCode ? "default" : "filled"}
          loading={call.busy}
          disabled={isUnderWay}
          data-autofocus
          onClick={() => call.go()}
        >
          {t(verification ? "welcome.phone.again" : "welcome.phone.go")}
        </Button>
        {other && (
          <Button size="md" variant="default" onClick={other}>
            {t("welcome.phone.change")}
          </Button>
        )}
        {!asksCode && (
          <Button size="md" variant="subtle" onClick={() => setHasCode(true)}>
            {t("welcome.phone.have")}
          </Button>
        )}
      </Group>
    </Stack>
  );
}

function Code({ phone, verified }: { phone: PhoneDocument; verified: (() => void) | undefined }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [code, setCode] = useState("");
  const [refused, setRefused] = useState(0);
  const id = useId();
  const { go, busy, failure } = useDeed(async (typed: string) => {
    const path = { id: phone.id };
    const asked = api.POST("/api/v1/account/phones/{id}/verification/code", {
      params: { path },
      body: { code: typed },
    });
    await take(asked).catch((error: unknown) => {
      setCode("");
      setRefused((times) => times + 1);
      throw error;
    });
    await queries.invalidateQueries({ queryKey: ["phones"] });
    verified?.();
  });
  return (
    <Input.Wrapper label={t("welcome.phone.code")} labelElement="div" id={id}>
      <PinInput
        // Once it was complete it would tell of no other code that is put in whole: after a refusal it is another one.
        key={refused}
        length={DIGITS}
        type="number"
        size="md"
        gap={6}
        mt={4}
        oneTimeCode
        autoFocus
        value={code}
        onChange={setCode}
        onComplete={(typed) => go(typed)}
        readOnly={busy}
        error={failure !== null}
        aria-label={t("welcome.phone.code")}
      />
      {failure && (
        <Text c="red" size="sm" mt="xs" role="alert">
          {codeFailure(failure, t)}
        </Text>
      )}
    </Input.Wrapper>
  );
}
