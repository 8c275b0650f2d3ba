import { Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { IconPhoneCall } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import type { TFunction } from "i18next";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, take } from "../../api/client";
import { ApiError } from "../../api/problem";
import type { PhoneDocument } from "../../api/schema";
import { codeOf, useDeed, useOnce } from "../../ui/deed";
import { reasonWhy } from "../../ui/explain";
import { wordsOf } from "../../ui/failure";
import { Verification } from "./verification";

/** The number as the API wants it: what people write between digits says nothing. */
function plain(number: string): string {
  return number.replaceAll(/[\s().\-\u2010-\u2015\u200e\u200f\u202a-\u202e]/g, "").replace(/^00/, "+");
}

function mistake(number: string, t: TFunction): string | null {
  const given = plain(number);
  if (!given.startsWith("+")) {
    return t("welcome.phone.plus");
  }
  const wrong = given.slice(1).match(/\D/)?.[0];
  return wrong ? t("welcome.phone.digits", { wrong }) : given.length < 5 ? t("welcome.phone.plus") : null;
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

/** A phone: its number, then a call that speaks a code. */
export function PhoneStep({ phones }: { phones: PhoneDocument[] }) {
  const [wantsOther, setWantsOther] = useState(false);
  const [verification, setVerification] = useState<string | null>(null);
  const waiting = phones.find(({ verified }) => !verified);
  if (waiting && !wantsOther) {
    return (
      <Verification
        key={waiting.id}
        phone={waiting}
        id={verification}
        called={setVerification}
        other={() => {
          setVerification(null);
          setWantsOther(true);
        }}
      />
    );
  }
  return (
    <NewNumber
      replaces={waiting}
      called={(id) => {
        setVerification(id);
        setWantsOther(false);
      }}
    />
  );
}

function NewNumber({
  replaces,
  called,
}: {
  replaces: PhoneDocument | undefined;
  called: (id: string | null) => void;
}) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const once = useOnce();
  const form = useForm({
    initialValues: { number: "" },
    validate: { number: (number) => mistake(number, t) },
  });
  const { go, busy, failure } = useDeed(async (number: string) => {
    if (replaces && replaces.number !== number) {
      await take(api.DELETE("/api/v1/account/phones/{id}", { params: { path: { id: replaces.id } } }));
    }
    const phone =
      replaces?.number === number
        ? replaces
        : await take(api.POST("/api/v1/account/phones", { params: { header: once({ number }) }, body: { number } }));
    // The number is entered, whether its call goes out or not.
    const path = { id: phone.id };
    const asked = await take(
      api.POST("/api/v1/account/phones/{id}/verification", { params: { path, header: once(path) } }),
    ).catch(async (error: unknown) => {
      await queries.invalidateQueries({ queryKey: ["phones"] });
      called(null);
      throw error;
    });
    called(asked.id);
    await queries.invalidateQueries({ queryKey: ["phones"] });
  });
  return (
    <form onSubmit={form.onSubmit(({ number }) => go(plain(number)))} noValidate>
      <Stack maw={420}>
        <TextInput
          label={t("welcome.phone.number")}
          description={t("welcome.phone.numberHint")}
          type="tel"
          inputMode="tel"
          autoComplete="tel"
          size="md"
          required
          {...form.getInputProps("number")}
        />
        {failure && (
          <Text c="red" size="sm" role="alert">
            {phoneFailure(failure, t)}
          </Text>
        )}
        <Group>
          <Button type="submit" size="md" loading={busy} leftSection={<IconPhoneCall size={18} aria-hidden />}>
            {t("welcome.phone.go")}
          </Button>
          {replaces && (
            <Button variant="default" size="md" onClick={() => called(null)}>
              {t("common.cancel")}
            </Button>
          )}
        </Group>
      </Stack>
    </form>
  );
}
