import { Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { PbxDocument } from "../../api/schema";
import { Copyable } from "../../ui/copy";
import { Tabs } from "../../ui/rare/tabs";
import { Section } from "../../ui/section";
import { byHand, group, hosts, playbook } from "./lines";

function Step({ hint, value, label }: { hint: ReactNode; value: string; label: string }) {
  return (
    <Stack gap={6}>
      <Text size="sm">{hint}</Text>
      <Copyable value={value} label={label} />
    </Stack>
  );
}

/** What is to be done on the host: with Ansible, or by hand. */
export function HostSteps({ pbx, isAgain }: { pbx: PbxDocument; isAgain: boolean }) {
  const { t } = useTranslation();
  const url = location.origin;
  return (
    <Section title={t("admin.enrol.host.title")} hint={t("admin.enrol.host.hint")}>
      <Tabs defaultValue="ansible" keepMounted={false}>
        <Tabs.List>
          <Tabs.Tab value="ansible">{t("admin.enrol.host.ansible")}</Tabs.Tab>
          <Tabs.Tab value="hand">{t("admin.enrol.host.hand")}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="ansible" pt="md">
          <Stack gap="md">
            <Step hint={t("admin.enrol.host.hosts")} value={hosts(pbx)} label="inventories/mine/hosts.yml" />
            <Step hint={t("admin.enrol.host.group")} value={group(url)} label="inventories/mine/group_vars/pbx.yml" />
            <Step
              hint={isAgain ? t("admin.enrol.host.runAgain") : t("admin.enrol.host.run")}
              value={playbook(pbx, isAgain)}
              label={t("admin.enrol.host.command")}
            />
            <Text size="sm" c="dimmed">
              {t("admin.enrol.host.fetched")}
            </Text>
          </Stack>
        </Tabs.Panel>
        <Tabs.Panel value="hand" pt="md">
          <Stack gap="md">
            <Step
              hint={t("admin.enrol.host.config")}
              value={`name = "${pbx.name}"`}
              label="/etc/pbx-agent/agent.toml"
            />
            <Step
              hint={t("admin.enrol.host.commands")}
              value={byHand(url, isAgain)}
              label={t("admin.enrol.host.command")}
            />
          </Stack>
        </Tabs.Panel>
      </Tabs>
    </Section>
  );
}
