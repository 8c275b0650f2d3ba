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
import { useDeed, useOnce } from "../../ui/deed";
import { readNumber } from "../../ui/number";
import { MOST_PHONES } from "./queries";
import { phoneFailure, Verification } from "./verification";

function mistake(text: string, t: TFunction): string | null {
  const read = readNumber(text);
  return "wrong" in read ? t(`account.phones.wrong.${read.wrong}`, { found: read.found ?? "" }) : null;
}

/** A phone: its number, then a call that speaks a code. */
export function PhoneStep({ phones }: { phones: PhoneDocument[] }) {
  const [wantsOther, setWantsOther] = useState(false);
  const [verification, setVerification] = useState<string | null>(null);
  const [entered, setEntered] = useState<string | null>(null);
  const waiting = phones.find(({ id, verified }) => !verified && (entered === null || id === entered));
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
      phones={phones}
      replaces={waiting}
      called={(phone, id) => {
        setEntered(phone);
        setVerification(id);
        setWantsOther(false);
      }}
    />
  );
}

/** Somebody who has deleted it elsewhere has deleted it. */
async function remove({ id }: PhoneDocument) {
  await take(api.DELETE("/api/v1/account/phones/{id}", { params: { path: { id } } })).catch((error: unknown) => {
    if (!(error instanceof ApiError && error.problem.status === 404)) {
      throw error;
    }
  });
}

function NewNumber({
  phones,
  replaces,
  called,
}: {
  phones: PhoneDocument[];
  replaces: PhoneDocument | undefined;
  called: (phone: string | null, id: string | null) => void;
}) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const onceAdded = useOnce();
  const onceCalled = useOnce();
  const form = useForm({
    initialValues: { number: "" },
    validate: { number: (number) => mistake(number, t) },
  });
  const { go, busy, failure } = useDeed(async (number: string) => {
    const body = { number };
    const old = replaces && replaces.number !== number ? replaces : null;
    const needsRoom = phones.length >= MOST_PHONES;
    try {
      if (old && needsRoom) {
        await remove(old);
      }
      // The new one first: were it refused, the old one would be gone for nothing.
      const phone =
        phones.find((known) => known.number === number && !known.verified) ??
        (await take(api.POST("/api/v1/account/phones", { params: { header: onceAdded(body) }, body })));
      if (old && !needsRoom) {
        await remove(old);
      }
      const path = { id: phone.id };
      const asked = await take(
        api.POST("/api/v1/account/phones/{id}/verification", { params: { path, header: onceCalled(path) } }),
      ).catch((error: unknown) => {
        // The number is entered, whether its call goes out or not.
        called(phone.id, null);
        throw error;
      });
      called(phone.id, asked.id);
    } finally {
      await queries.invalidateQueries({ queryKey: ["phones"] });
    }
  });
  const send = form.onSubmit((values) => {
    const read = readNumber(values.number);
    if ("number" in read) {
      go(read.number);
    }
  });
  return (
    <form onSubmit={send} noValidate>
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
            <Button variant="default" size="md" onClick={() => called(null, null)}>
              {t("common.cancel")}
            </Button>
          )}
        </Group>
      </Stack>
    </form>
  );
}
