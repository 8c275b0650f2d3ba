import { Button, Group, List, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconCheck, IconPhone, IconX } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, once, take } from "../../api/client";
import { Confirm } from "../../ui/confirm";
import styles from "./alerts.module.css";
import { useAlertDeeds } from "./deeds";
import type { Story } from "./queries";

/** What can be done about an alert: the likeliest thing is the largest. */
export function Actions({ org, alert, rings }: { org: string; alert: Story; rings: string[] }) {
  const { t } = useTranslation();
  const { acknowledge, close } = useAlertDeeds(org);
  const [asked, setAsked] = useState<"close" | "call" | null>(null);
  if (alert.state === "closed") {
    return null;
  }
  const isOpen = alert.state === "open";
  const unasked = () => setAsked(null);
  return (
    <>
      <Group className={styles["bar"] ?? ""} gap="xs" component="section" aria-label={t("alerts.columns.action")}>
        {isOpen && (
          <Button
            size="lg"
            className={styles["first"] ?? ""}
            leftSection={<IconCheck size={22} aria-hidden />}
            onClick={() => acknowledge.mutate(alert)}
          >
            {t("alerts.acknowledge")}
          </Button>
        )}
        <Button
          variant="default"
          size="md"
          mih={44}
          className={styles["other"] ?? ""}
          leftSection={<IconPhone size={18} aria-hidden />}
          onClick={() => setAsked("call")}
        >
          {t("alerts.callAgain")}
        </Button>
        <Button
          variant="default"
          size="md"
          mih={44}
          className={styles["other"] ?? ""}
          leftSection={<IconX size={18} aria-hidden />}
          onClick={() => setAsked("close")}
        >
          {t("alerts.close")}
        </Button>
      </Group>
      {asked === "close" && (
        <Confirm
          title={t("alerts.closing.title")}
          action={t("alerts.closing.go")}
          does={() => close.mutateAsync(alert)}
          close={unasked}
        >
          <Text fw={600} lineClamp={4} className="inert" dir="auto">
            {alert.message || t("alerts.noMessage")}
          </Text>
          <Text size="sm">{t("alerts.closing.text")}</Text>
        </Confirm>
      )}
      {asked === "call" && <CallAgain org={org} alert={alert} rings={rings} close={unasked} />}
    </>
  );
}

function CallAgain({ org, alert, rings, close }: { org: string; alert: Story; rings: string[]; close: () => void }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  // One dialog is one deed, however often its button is pressed.
  const [headers] = useState(once);
  const call = async () => {
    const { calls } = await take(
      api.POST("/api/v1/alerts/{id}/call-again", {
        params: { path: { id: alert.id }, query: { org }, header: headers },
      }),
    );
    const count = calls.length;
    notifications.show(
      count > 0
        ? { color: "teal", message: t("alerts.calling.done", { count }) }
        : { color: "orange", message: t("alerts.calling.none"), autoClose: 10_000 },
    );
    for (const queryKey of [
      ["alerts", org],
      ["alert", org, alert.id],
      ["calls", org],
    ]) {
      void queries.invalidateQueries({ queryKey });
    }
  };
  return (
    <Confirm title={t("alerts.calling.title")} action={t("alerts.calling.go")} harmless does={call} close={close}>
      {rings.length > 0 ? (
        <>
          <Text>{t("alerts.calling.text", { count: rings.length })}</Text>
          <List>
            {rings.map((who) => (
              <List.Item key={who} className="inert" fw={600}>
                {who}
              </List.Item>
            ))}
          </List>
        </>
      ) : (
        <Text>{t("alerts.calling.primary")}</Text>
      )}
      {alert.state === "acknowledged" && <Text size="sm">{t("alerts.calling.reopens")}</Text>}
    </Confirm>
  );
}
