import { Button, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Page } from "../../ui/page";
import { useOrganization } from "../organization";
import { Invite } from "./invite";
import { Invites } from "./invites";
import { Members } from "./members";
import { Roles } from "./roles";

export function TeamPage() {
  const { t } = useTranslation();
  const { membership, governs } = useOrganization();
  const [isInviting, setInviting] = useState(false);
  if (!membership) {
    return null;
  }
  return (
    <Page
      title={t("shell.team")}
      aside={governs && <Button onClick={() => setInviting(true)}>{t("team.invite")}</Button>}
    >
      <Text size="sm" c="dimmed">
        {t("team.hint")}
      </Text>
      <Members />
      {governs && (
        <>
          <Invites />
          <Roles />
        </>
      )}
      {isInviting && <Invite close={() => setInviting(false)} />}
    </Page>
  );
}
