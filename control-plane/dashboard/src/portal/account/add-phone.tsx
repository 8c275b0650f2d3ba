import { Button, Group, Stack, TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, take } from "../../api/client";
import type { PhoneDocument } from "../../api/schema";
import { useDeed, useOnce } from "../../ui/deed";
import { wordsOf } from "../../ui/failure";
import { readNumber } from "../../ui/number";

/** A field that says what is wrong with a number, once somebody has left it or sent it. */
export function AddPhone({ added }: { added: (phone: PhoneDocument) => void }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const once = useOnce();
  const [text, setText] = useState("");
  const [isLeft, setLeft] = useState(false);
  const read = readNumber(text);
  const { go, busy, failure, reset } = useDeed(async (number: string) => {
    const body = { number };
    const phone = await take(api.POST("/api/v1/account/phones", { params: { header: once(body) }, body }));
    await queries.invalidateQueries({ queryKey: ["phones"] });
    setText("");
    setLeft(false);
    added(phone);
  });
  const wrong =
    isLeft && "wrong" in read
      ? t(`account.phones.wrong.${read.wrong}`, { found: read.found ?? "" })
      : failure && wordsOf(failure);
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        setLeft(true);
        if ("number" in read) {
          go(read.number);
        }
      }}
    >
      <Stack maw={420}>
        <TextInput
          label={t("account.phones.number")}
          description={t("account.phones.numberHint")}
          type="tel"
          inputMode="tel"
          autoComplete="tel"
          placeholder="+380 50 123 45 67"
          required
          value={text}
          error={wrong}
          onChange={(event) => {
            setText(event.currentTarget.value);
            reset();
          }}
          onBlur={() => setLeft(text !== "")}
        />
        <Group>
          <Button type="submit" loading={busy}>
            {t("account.phones.addGo")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
