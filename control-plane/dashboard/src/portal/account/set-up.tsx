import { Box, Button, Center, Stack, Text, TextInput } from "@mantine/core";
import { QRCodeSVG } from "qrcode.react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, take } from "../../api/client";
import type { SecretDocument } from "../../api/schema";
import { Dialog } from "../../ui/confirm";
import { Copyable } from "../../ui/copy";
import { codeOf, Failed, useDeed } from "../../ui/deed";
import { wordsOf } from "../../ui/failure";

/** The secret for the app, as a picture that is drawn here and as text, and the first code as the proof that it arrived. */
export function SetUp({
  secret,
  close,
  done,
}: {
  secret: SecretDocument;
  close: () => void;
  done: (codes: string[]) => void;
}) {
  const { t } = useTranslation();
  const [code, setCode] = useState("");
  const { go, busy, failure } = useDeed(async () => {
    const body = { code: code.replaceAll(" ", "") };
    const made = await take(api.POST("/api/v1/account/second-factor/confirm", { body }));
    done(made.recovery_codes);
  });
  const isWrong = codeOf(failure) === "wrong_code";
  return (
    <Dialog title={t("account.security.factor")} close={close} busy={busy}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          go();
        }}
      >
        <Stack>
          <Text size="sm">{t("account.security.scan")}</Text>
          <Center>
            <Box bg="white" p="sm">
              <QRCodeSVG value={secret.url} size={200} title={t("account.security.qr")} role="img" />
            </Box>
          </Center>
          <Stack gap={4}>
            <Text size="sm">{t("account.security.secret")}</Text>
            <Copyable value={secret.secret} label={t("account.security.secret")} />
          </Stack>
          <TextInput
            label={t("account.security.firstCode")}
            inputMode="numeric"
            autoComplete="one-time-code"
            size="lg"
            required
            data-autofocus
            className="digits"
            value={code}
            onChange={(event) => setCode(event.currentTarget.value)}
            error={isWrong && failure ? wordsOf(failure) : null}
          />
          <Failed failure={isWrong ? null : failure} />
          <Button type="submit" loading={busy}>
            {t("account.security.firstCodeGo")}
          </Button>
        </Stack>
      </form>
    </Dialog>
  );
}
