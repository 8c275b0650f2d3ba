import { Group, List, Loader, Text, ThemeIcon } from "@mantine/core";
import { IconAlertTriangle, IconCheck } from "@tabler/icons-react";
import { useRef } from "react";
import { useTranslation } from "react-i18next";
import type { PbxView } from "../../api/schema";
import { Section } from "../../ui/section";
import { AdminLink } from "../link";

type State = "done" | "waits" | "wrong";

function Sign({ state }: { state: State }) {
  if (state === "waits") {
    return <Loader size={18} aria-hidden />;
  }
  return (
    <ThemeIcon size={20} radius="xl" color={state === "done" ? "teal.7" : "orange.9"} aria-hidden>
      {state === "done" ? <IconCheck size={14} /> : <IconAlertTriangle size={14} />}
    </ThemeIcon>
  );
}

/**
 * Looks every few seconds how far the host has come: one that was enrolled after `before`, when the token was made. Without
 * a token of this page that is whichever is in, or comes after a revoked one.
 */
export function Arrival({ known, before }: { known: PbxView | undefined; before: string | null | undefined }) {
  const { t } = useTranslation();
  const revoked = useRef(known?.revoked ? (known.enrolled_at ?? null) : null);
  const isEnrolled =
    Boolean(known?.enrolled_at) && known?.enrolled_at !== (before === undefined ? revoked.current : before);
  const isConnected = isEnrolled && Boolean(known?.connected_at);
  const isHealthy = isConnected && known?.health === "healthy";
  const isIll = isConnected && !isHealthy;
  const steps: [string, State][] = [
    [isEnrolled ? t("admin.enrol.arrival.enrolled") : t("admin.enrol.arrival.enrols"), isEnrolled ? "done" : "waits"],
    [
      isConnected ? t("admin.enrol.arrival.connected") : t("admin.enrol.arrival.connects"),
      isConnected ? "done" : "waits",
    ],
    [
      isHealthy
        ? t("admin.enrol.arrival.healthy")
        : isIll
          ? t("admin.enrol.arrival.ill")
          : t("admin.enrol.arrival.heals"),
      isHealthy ? "done" : isIll ? "wrong" : "waits",
    ],
  ];
  return (
    <Section title={t("admin.enrol.arrival.title")} hint={t("admin.enrol.arrival.hint")}>
      <List spacing="xs" listStyleType="none" aria-live="polite" size="sm">
        {steps.map(([text, state]) => (
          <List.Item key={text} icon={<Sign state={state} />}>
            {text}
          </List.Item>
        ))}
      </List>
      {isIll && known?.trouble && (
        <Text size="sm" className="inert">
          {known.trouble}
        </Text>
      )}
      {known && isEnrolled && (
        <Group>
          <AdminLink place={{ to: "/fleet/$id", id: known.id }} size="sm">
            {t("admin.enrol.arrival.look")}
          </AdminLink>
        </Group>
      )}
    </Section>
  );
}
