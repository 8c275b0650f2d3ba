import { Stack, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { PhoneDocument } from "../../api/schema";
import { Dialog } from "../../ui/confirm";
import { showNumber } from "../../ui/number";
import { Verification } from "../welcome/verification";

/** Has one of somebody's phones called, so that they show that it is theirs. */
export function VerifyPhone({ phone, close }: { phone: PhoneDocument; close: () => void }) {
  const { t } = useTranslation();
  const number = showNumber(phone.number);
  const [id, setId] = useState<string | null>(null);
  const verified = () => {
    notifications.show({ message: t("account.verification.done", { number }) });
    close();
  };
  return (
    <Dialog title={t("account.verification.title", { number })} close={close}>
      <Stack>
        <Text size="sm">{t("account.verification.text", { number })}</Text>
        <Verification phone={phone} id={id} called={setId} verified={verified} />
      </Stack>
    </Dialog>
  );
}
