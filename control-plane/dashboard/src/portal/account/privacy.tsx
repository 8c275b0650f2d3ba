import { Anchor, Button, Code, Group, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { sessionQuery } from "../../api/session";
import { consent, consentTo, forgetCached } from "../../keep";
import { Switch } from "../../ui/rare/switch";
import { Table } from "../../ui/rare/table";
import { Section } from "../../ui/section";
import { AccountPage } from "./account-page";

export function PrivacyPage() {
  const { t } = useTranslation();
  return (
    <AccountPage title={t("shell.privacy")}>
      <ThisBrowser />
      <Server />
      <Text size="sm">
        <Anchor component={Link} to="/account/licences" size="sm">
          {t("account.privacy.licences")}
        </Anchor>
      </Text>
    </AccountPage>
  );
}

function ThisBrowser() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [isAllowed, setAllowed] = useState(() => consent() === "all");
  const allow = (all: boolean) => {
    consentTo(all ? "all" : "essential");
    setAllowed(all);
  };
  const forget = () => {
    forgetCached();
    queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== sessionQuery.queryKey[0] });
    notifications.show({ message: t("account.privacy.forgotten") });
  };
  const rows: [string, string, string][] = [
    ["__Host-cp_session, __Host-cp_refresh", t("account.privacy.session"), t("account.privacy.sessionTime")],
    ["cp_cookie_consent", t("account.privacy.consent"), t("account.privacy.year")],
    ["language", t("account.privacy.language"), t("account.privacy.always")],
    ["mantine-color-scheme-value", t("account.privacy.colours"), t("account.privacy.always")],
    ["organization", t("account.privacy.organization"), t("account.privacy.always")],
    ["invitation", t("account.privacy.invitation"), t("account.privacy.tab")],
    ["cache:…", t("account.privacy.cache"), t("account.privacy.cacheTime")],
  ];
  return (
    <Section title={t("account.privacy.browser")} hint={t("account.privacy.browserHint")}>
      <Switch
        label={t("account.privacy.allow")}
        description={t("account.privacy.allowHint")}
        checked={isAllowed}
        onChange={(event) => allow(event.currentTarget.checked)}
      />
      <Facts rows={rows.map(([name, why, long]) => [<Code key={name}>{name}</Code>, why, long])} />
      <Group>
        <Button variant="default" onClick={forget}>
          {t("account.privacy.forget")}
        </Button>
      </Group>
    </Section>
  );
}

function Server() {
  const { t } = useTranslation();
  return (
    <Section title={t("account.privacy.server")}>
      <Facts
        rows={[
          [t("account.privacy.profile"), t("account.privacy.profileWhy"), t("account.privacy.untilClosed")],
          [t("account.privacy.phones"), t("account.privacy.phonesWhy"), t("account.privacy.untilClosed")],
          [t("account.privacy.sessions"), t("account.privacy.sessionsWhy"), t("account.privacy.untilEnded")],
          [t("account.privacy.audit"), t("account.privacy.auditWhy"), t("account.privacy.withOrganization")],
        ]}
      />
      <Text size="sm">
        <Anchor component={Link} to="/account" size="sm">
          {t("account.privacy.close")}
        </Anchor>
      </Text>
    </Section>
  );
}

function Facts({ rows }: { rows: [ReactNode, string, string][] }) {
  const { t } = useTranslation();
  const [why, howLong] = [t("account.privacy.why"), t("account.privacy.howLong")];
  return (
    <Table className="stacked">
      <Table.Thead>
        <Table.Tr>
          <Table.Th scope="col">{t("account.privacy.what")}</Table.Th>
          <Table.Th scope="col">{why}</Table.Th>
          <Table.Th scope="col">{howLong}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {rows.map(([what, reason, time]) => (
          <Table.Tr key={reason}>
            <Table.Th scope="row" fw={400}>
              {what}
            </Table.Th>
            <Table.Td data-title={why}>{reason}</Table.Td>
            <Table.Td data-title={howLong}>{time}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
