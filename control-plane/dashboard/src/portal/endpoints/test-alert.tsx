import { Alert, Button, Group, Select, Stack, Text, TextInput } from "@mantine/core";
import { IconPhoneCall } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { AcceptedDocument, EndpointDocument, Severity } from "../../api/schema";
import { SEVERITIES } from "../../api/words";
import { Failed, useDeed } from "../../ui/deed";
import { PageLink } from "../../ui/link";
import { SeverityMark } from "../../ui/marks";
import { Section } from "../../ui/section";
import { doneWords } from "../scenarios/words";
import { knownKey } from "./alert-key";
import { useSendAlert } from "./send-alert";

export function TestAlert({ org, endpoint }: { org: string; endpoint: EndpointDocument }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const send = useSendAlert(endpoint);
  const [message, setMessage] = useState(() => t("endpoints.test.messageDefault"));
  const [severity, setSeverity] = useState<Severity>("critical");
  const [key, setKey] = useState(() => knownKey(endpoint.id) ?? "");
  const [taken, setTaken] = useState<AcceptedDocument | null>(null);
  const { go, busy, failure } = useDeed(async () => {
    setTaken(null);
    setTaken(await send({ severity, message }, endpoint.has_alert_key ? key : ""));
    for (const what of ["requests", "alerts", "calls"]) {
      void queries.invalidateQueries({ queryKey: [what, org] });
    }
  });
  return (
    <Section title={t("endpoints.test.title")} hint={t("endpoints.test.hint")}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          go();
        }}
      >
        <Stack>
          <Group align="flex-end" gap="sm">
            <Select
              label={t("endpoints.test.severity")}
              data={SEVERITIES.map((value) => ({ value, label: t(`codes.severity.${value}`) }))}
              value={severity}
              onChange={(chosen) => chosen && setSeverity(chosen as Severity)}
              allowDeselect={false}
              w={150}
            />
            <TextInput
              label={t("endpoints.test.message")}
              value={message}
              onChange={(event) => setMessage(event.currentTarget.value)}
              maxLength={500}
              flex="1 1 220px"
            />
            {endpoint.has_alert_key && (
              <TextInput
                label={t("endpoints.test.key")}
                description={t("endpoints.test.keyHint")}
                value={key}
                onChange={(event) => setKey(event.currentTarget.value)}
                required
                autoComplete="off"
                spellCheck={false}
                flex="1 1 220px"
              />
            )}
          </Group>
          <Failed failure={failure} />
          <Group>
            <Button
              type="submit"
              variant="default"
              loading={busy}
              leftSection={<IconPhoneCall size={18} aria-hidden />}
            >
              {t("endpoints.test.go")}
            </Button>
          </Group>
        </Stack>
      </form>
      {taken && <Taken org={org} taken={taken} />}
    </Section>
  );
}

/** What came of a request that was sent just now. */
export function Taken({ org, taken }: { org: string; taken: AcceptedDocument }) {
  const { t } = useTranslation();
  return (
    <Alert color="teal" variant="outline" title={t("endpoints.test.taken")} role="status">
      <Stack gap="xs">
        <Group gap="xs">
          <SeverityMark severity={taken.severity as Severity} />
          <Text size="sm">
            {doneWords(taken.action, t)}.{" "}
            {taken.calls.length > 0
              ? t("endpoints.test.ringing", { count: taken.calls.length })
              : t("endpoints.test.quiet")}
          </Text>
        </Group>
        <Group gap="md">
          {taken.alert_id && (
            <PageLink
              to="/o/$org/alerts/$id"
              params={{ org, id: taken.alert_id }}
              size="sm"
              c="var(--chosen)"
              fw={600}
            >
              {t("endpoints.test.alert")}
            </PageLink>
          )}
          <PageLink to="/o/$org/requests/$id" params={{ org, id: taken.request_id }} size="sm" c="var(--chosen)">
            {t("endpoints.test.request")}
          </PageLink>
        </Group>
      </Stack>
    </Alert>
  );
}
