import { Alert, Stack, Text } from "@mantine/core";
import { IconShieldLock } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { EndpointDocument } from "../../api/schema";
import { Copyable } from "../../ui/copy";
import { Tabs } from "../../ui/rare/tabs";
import { Section } from "../../ui/section";
import { knownKey } from "./alert-key";
import { alertmanager, body, curl, grafana, type Target } from "./snippets";

/** The URL, and what to paste where so that alerts arrive at it. */
export function SendHere({ endpoint }: { endpoint: EndpointDocument }) {
  const { t } = useTranslation();
  const hasKey = endpoint.has_alert_key;
  const target: Target = { url: endpoint.url, ...(hasKey ? { key: knownKey(endpoint.id) } : {}) };
  return (
    <Section title={t("endpoints.send.title")} hint={t("endpoints.send.readHint")}>
      <Alert color="gray" variant="outline" p="sm" icon={<IconShieldLock size={18} aria-hidden />}>
        {t("endpoints.secret")}
      </Alert>
      <Stack gap={4}>
        <Text size="sm" fw={600}>
          {t("endpoints.send.url")}
        </Text>
        <Copyable value={endpoint.url} label={t("endpoints.send.url")} />
      </Stack>
      <Tabs defaultValue="curl" keepMounted={false}>
        <Tabs.List>
          <Tabs.Tab value="curl">curl</Tabs.Tab>
          <Tabs.Tab value="alertmanager">Alertmanager</Tabs.Tab>
          <Tabs.Tab value="grafana">Grafana</Tabs.Tab>
          <Tabs.Tab value="other">{t("endpoints.send.other")}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="curl" pt="sm">
          <Copyable value={curl(target)} label={t("endpoints.send.curl")} />
        </Tabs.Panel>
        <Tabs.Panel value="alertmanager" pt="sm">
          <Copyable value={alertmanager(target)} label={t("endpoints.send.alertmanager")} />
        </Tabs.Panel>
        <Tabs.Panel value="grafana" pt="sm">
          <Stack gap="xs">
            <Text size="sm">{t("endpoints.send.grafanaHint")}</Text>
            {hasKey && <Text size="sm">{t("endpoints.send.grafanaKey")}</Text>}
            <Copyable value={grafana(target)} label={t("endpoints.send.grafana")} />
          </Stack>
        </Tabs.Panel>
        <Tabs.Panel value="other" pt="sm">
          <Stack gap="xs">
            <Text size="sm">{t("endpoints.send.otherHint")}</Text>
            {hasKey && <Text size="sm">{t("endpoints.send.otherKey")}</Text>}
            <Copyable value={body()} label={t("endpoints.send.body")} />
          </Stack>
        </Tabs.Panel>
      </Tabs>
      {hasKey && !target.key && (
        <Text size="sm" c="dimmed">
          {t("endpoints.send.keyHint")}
        </Text>
      )}
    </Section>
  );
}
