import { Anchor, Button, Stack, Text } from "@mantine/core";
import { IconSend } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, take } from "../../api/client";
import type { AcceptedDocument, AlertView, EndpointDocument } from "../../api/schema";
import { Copyable } from "../../ui/copy";
import { Failed, useDeed } from "../../ui/deed";
import { reasonWhy } from "../../ui/explain";
import { useLiveAlert } from "../alerts/live";
import { Now } from "../alerts/now";
import { StoryLine } from "../alerts/story";
import { useSendAlert } from "../endpoints/send-alert";
import { Celebration } from "./celebration";

/** The command that does the same from anywhere. */
function curl(endpoint: EndpointDocument, message: string): string {
  const body = JSON.stringify({ status: "critical", message }).replaceAll("'", "'\\''");
  const key = endpoint.has_alert_key ? " -H 'X-Alert-Key: …'" : "";
  return `curl${key} -H 'Content-Type: application/json' -d '${body}' ${endpoint.url}`;
}

/** Whether it was opened after another. Both times are the control plane's: the clock here may say anything. */
function isLater(alert: AlertView, before: AlertView | null): boolean {
  return before === null || (alert.id !== before.id && Date.parse(alert.opened_at) >= Date.parse(before.opened_at));
}

/** The first alert: sent from here or by the command, and followed until somebody takes it. */
export function TestStep({
  org,
  endpoint,
  reachable,
  governs,
}: {
  org: string;
  endpoint: EndpointDocument;
  reachable: boolean;
  governs: boolean;
}) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [sent, setSent] = useState<AcceptedDocument | null>(null);
  /** What was there when the step was opened; undefined until that is known. */
  const [before, setBefore] = useState<AlertView | null>();
  const send = useSendAlert(endpoint);
  const message = t("welcome.test.message");
  const deed = useDeed(async () => {
    setSent(await send({ status: "critical", message }));
    void queries.invalidateQueries({ queryKey: ["alerts", org] });
  });
  // What the command sends is seen too.
  const { data: newest, isFetchedAfterMount } = useQuery({
    queryKey: ["alerts", org, "newest"],
    queryFn: () => take(api.GET("/api/v1/alerts", { params: { query: { org, limit: 1 } } })),
    refetchInterval: 2_000,
  });
  const latest = newest?.items[0];
  if (before === undefined && newest && isFetchedAfterMount) {
    setBefore(latest ?? null);
  }
  const isNew = latest && before !== undefined && isLater(latest, before);
  const id = isNew ? latest.id : (sent?.alert_id ?? null);
  return (
    <Stack>
      {!reachable && <Text size="sm">{t("welcome.test.phoneFirst")}</Text>}
      {endpoint.has_alert_key ? (
        <Text size="sm">{t("welcome.test.key")}</Text>
      ) : (
        <Button
          size="md"
          maw={420}
          leftSection={<IconSend size={18} aria-hidden />}
          variant={id ? "default" : "filled"}
          disabled={!reachable}
          loading={deed.busy}
          onClick={() => deed.go()}
        >
          {t(id ? "welcome.test.again" : "welcome.test.go")}
        </Button>
      )}
      <Failed failure={deed.failure} />
      {sent?.action === "group" && id && <Text size="sm">{t("welcome.test.grouped")}</Text>}
      {id ? (
        <FirstCall key={id} org={org} id={id} governs={governs} />
      ) : (
        <div>
          <Text size="sm" mb={4}>
            {t("welcome.test.curl")}
          </Text>
          <Copyable value={curl(endpoint, message)} label={t("welcome.test.curlLabel")} />
        </div>
      )}
    </Stack>
  );
}

function FirstCall({ org, id, governs }: { org: string; id: string; governs: boolean }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const { alert, calls, nameOf, whoIs } = useLiveAlert(org, id, 1_000);
  const state = alert?.state;
  useEffect(() => {
    if (state === "acknowledged") {
      void queries.invalidateQueries({ queryKey: ["alerts", org, "taken"] });
    }
  }, [state, org, queries]);
  if (!alert) {
    return <Text role="status">{t("welcome.test.waiting")}</Text>;
  }
  const held = alert.calls.find(({ status }) => status === "blocked");
  const rings = alert.calls.some(({ status, reason }) => status === "calling" || (status === "queued" && !reason));
  return (
    <Stack>
      {state === "acknowledged" ? (
        <Celebration org={org} governs={governs} />
      ) : (
        <>
          {rings && (
            <Text size="lg" fw={600}>
              {t("welcome.test.listen")}
            </Text>
          )}
          {held?.reason && (
            <Text c="red" role="alert">
              {t("welcome.test.held", { reason: reasonWhy(held.reason, t) ?? held.reason })}
            </Text>
          )}
          <Now state={alert.state} people={alert.calls} calls={calls} whoIs={whoIs} />
        </>
      )}
      <StoryLine org={org} events={alert.events} calls={calls} nameOf={nameOf} whoIs={(call) => whoIs(call.id)} />
      <Anchor size="sm" renderRoot={(props) => <Link to="/o/$org/alerts/$id" params={{ org, id }} {...props} />}>
        {t("welcome.test.open")}
      </Anchor>
    </Stack>
  );
}
