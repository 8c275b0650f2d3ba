import { Badge, Button, Group } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, take } from "../../api/client";
import type { SecretDocument } from "../../api/schema";
import { useSession, useSessionActions } from "../../api/session";
import { Confirm } from "../../ui/confirm";
import { Failed, useDeed } from "../../ui/deed";
import { Section } from "../../ui/section";
import { RecoveryCodes } from "./recovery-codes";
import { SetUp } from "./set-up";

/** Sets a second factor up, makes new recovery codes, and turns it off. */
export function SecondFactor() {
  const { t } = useTranslation();
  const { account } = useSession();
  const { reread } = useSessionActions();
  const [secret, setSecret] = useState<SecretDocument | null>(null);
  const [codes, setCodes] = useState<string[] | null>(null);
  const [asked, setAsked] = useState<"off" | "codes" | null>(null);
  const isOn = account.second_factor;
  const begin = useDeed(async () => setSecret(await take(api.POST("/api/v1/account/second-factor"))));
  const turnOff = async () => {
    await take(api.DELETE("/api/v1/account/second-factor"));
    await reread();
    notifications.show({ message: t("account.security.turnedOff") });
  };
  const makeCodes = async () => {
    const made = await take(api.POST("/api/v1/account/second-factor/recovery-codes"));
    setCodes(made.recovery_codes);
  };
  return (
    <Section
      title={t("account.security.factor")}
      hint={t("account.security.factorHint")}
      aside={
        <Badge color={isOn ? "teal.7" : "gray.7"} tt="none" radius="sm" size="lg">
          {isOn ? t("account.security.isOn") : t("account.security.isOff")}
        </Badge>
      }
    >
      <Failed failure={begin.failure} />
      <Group gap="sm">
        {isOn ? (
          <>
            <Button variant="default" onClick={() => setAsked("codes")}>
              {t("account.security.newCodes")}
            </Button>
            <Button variant="default" onClick={() => setAsked("off")}>
              {t("account.security.turnOff")}
            </Button>
          </>
        ) : (
          <Button onClick={() => begin.go()} loading={begin.busy}>
            {t("account.security.setUp")}
          </Button>
        )}
      </Group>
      {secret && (
        <SetUp
          secret={secret}
          close={() => setSecret(null)}
          done={(made) => {
            setSecret(null);
            setCodes(made);
          }}
        />
      )}
      {codes && (
        <RecoveryCodes
          codes={codes}
          email={account.email}
          close={() => {
            setCodes(null);
            void reread();
          }}
        />
      )}
      {asked === "off" && (
        <Confirm
          title={t("account.security.turnOffTitle")}
          action={t("account.security.turnOff")}
          does={turnOff}
          close={() => setAsked(null)}
        >
          {t("account.security.turnOffText")}
        </Confirm>
      )}
      {asked === "codes" && (
        <Confirm
          title={t("account.security.newCodesTitle")}
          action={t("account.security.newCodesGo")}
          harmless
          does={makeCodes}
          close={() => setAsked(null)}
        >
          {t("account.security.newCodesText")}
        </Confirm>
      )}
    </Section>
  );
}
