import { Button, Group, List as Lines, SimpleGrid, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import type { AccountDetail } from "../../api/schema";
import { Confirm } from "../../ui/confirm";
import { Page } from "../../ui/page";
import { Section } from "../../ui/section";
import { Time } from "../../ui/time";
import { BackTo } from "../back";
import { useAct } from "../deed";
import { Fact } from "../fleet/facts";
import { AdminLink, usePageId } from "../link";
import { accountQuery } from "../reads";
import { Shown } from "../shown";
import { AccountMarks } from "./marks";

export function AccountPage() {
  const { t } = useTranslation();
  const asked = useQuery(accountQuery(usePageId()));
  return (
    <Page
      title={asked.data?.email ?? t("admin.accounts.one")}
      aside={
        asked.data && (
          <Group gap={4}>
            <AccountMarks account={asked.data} />
          </Group>
        )
      }
    >
      <BackTo place={{ to: "/accounts" }}>{t("admin.shell.accounts")}</BackTo>
      <Shown asked={asked}>{(account) => <Whole account={account} />}</Shown>
    </Page>
  );
}

function Whole({ account }: { account: AccountDetail }) {
  const { t } = useTranslation();
  return (
    <>
      <Section title={t("admin.accounts.facts")}>
        <SimpleGrid component="dl" m={0} cols={{ base: 2, sm: 3, lg: 5 }} spacing="md">
          <Fact name={t("admin.accounts.name")}>
            <span className="inert">{account.display_name || t("common.none")}</span>
          </Fact>
          <Fact name={t("admin.accounts.factor")}>
            {account.second_factor ? t("admin.accounts.on") : t("admin.accounts.off")}
          </Fact>
          <Fact name={t("admin.accounts.seen")}>
            {account.last_seen_at ? <Time at={account.last_seen_at} /> : t("common.never")}
          </Fact>
          <Fact name={t("admin.accounts.created")}>
            <Time at={account.created_at} />
          </Fact>
          {account.closed_at && (
            <Fact name={t("admin.accounts.closed")}>
              <Time at={account.closed_at} />
            </Fact>
          )}
        </SimpleGrid>
        <AdminLink place={{ to: "/audit", search: { actor: account.id } }} size="sm">
          {t("admin.audit.byThem")}
        </AdminLink>
      </Section>
      <Section title={t("admin.shell.organizations")}>
        {account.organizations.length === 0 ? (
          <Text size="sm">{t("common.none")}</Text>
        ) : (
          <Lines size="sm" listStyleType="none" spacing={4}>
            {account.organizations.map((it) => (
              <Lines.Item key={it.id}>
                <AdminLink place={{ to: "/organizations/$id", id: it.id }} size="sm" className="inert">
                  {it.slug}
                </AdminLink>{" "}
                · {t(`codes.role.${it.role}`)}
              </Lines.Item>
            ))}
          </Lines>
        )}
      </Section>
      <Section title={t("admin.accounts.phones")} hint={t("admin.accounts.phonesHint")}>
        {account.phones.length === 0 ? (
          <Text size="sm">{t("common.none")}</Text>
        ) : (
          <Lines size="sm" listStyleType="none" spacing={4}>
            {account.phones.map((it) => (
              <Lines.Item key={it.id}>
                <span className="inert digits">{it.number}</span> ·{" "}
                {it.verified ? t("admin.accounts.heard") : t("admin.accounts.unheard")}
                {!it.enabled && ` · ${t("admin.accounts.silent")}`}
              </Lines.Item>
            ))}
          </Lines>
        )}
      </Section>
      <Sessions account={account} />
    </>
  );
}

function Sessions({ account }: { account: AccountDetail }) {
  const { t } = useTranslation();
  const act = useAct();
  const [asks, setAsks] = useState(false);
  return (
    <Section
      title={t("admin.accounts.sessions.title")}
      hint={t("admin.accounts.sessions.count", { count: account.sessions })}
      aside={
        account.sessions > 0 && (
          <Button variant="default" className="danger" onClick={() => setAsks(true)}>
            {t("admin.accounts.sessions.go")}
          </Button>
        )
      }
    >
      {asks && (
        <Confirm
          title={t("admin.accounts.sessions.ask", { email: account.email })}
          action={t("admin.accounts.sessions.go")}
          does={() =>
            act(api.DELETE("/api/admin/v1/accounts/{id}/sessions", { params: { path: { id: account.id } } }))
          }
          close={() => setAsks(false)}
        >
          <Text size="sm">{t("admin.accounts.sessions.text")}</Text>
        </Confirm>
      )}
    </Section>
  );
}
