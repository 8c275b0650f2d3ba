import { Button, Text } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, take } from "../../api/client";
import { sessionQuery } from "../../api/session";
import { codeOf, Failed, useDeed } from "../../ui/deed";
import { Page } from "../../ui/page";
import { NoToken, Said, Way } from "./said";
import { useToken } from "./token";

export function ConfirmAddressPage() {
  const { t } = useTranslation();
  const token = useToken();
  const queries = useQueryClient();
  const [isDone, setDone] = useState(false);
  const { go, busy, failure } = useDeed(async () => {
    await take(api.POST("/api/v1/account/email/confirm", { body: { token } }));
    await queries.invalidateQueries({ queryKey: sessionQuery.queryKey });
    setDone(true);
  });
  const code = codeOf(failure);
  const profile = <Way to="/account">{t("entrance.confirm.open")}</Way>;
  if (isDone) {
    return (
      <Said title={t("entrance.confirm.done")} text={t("entrance.confirm.doneHint")}>
        {profile}
      </Said>
    );
  }
  if (!token) {
    return <NoToken>{profile}</NoToken>;
  }
  if (code === "link_void" || code === "address_taken") {
    return (
      <Said
        title={code === "link_void" ? t("entrance.void.title") : t("entrance.void.taken")}
        text={t("entrance.void.confirm")}
      >
        {profile}
      </Said>
    );
  }
  return (
    <Page title={t("entrance.confirm.title")}>
      <Text size="sm">{t("entrance.confirm.hint")}</Text>
      <Failed failure={failure} />
      <Button size="md" loading={busy} onClick={() => go()}>
        {t("entrance.confirm.go")}
      </Button>
    </Page>
  );
}
