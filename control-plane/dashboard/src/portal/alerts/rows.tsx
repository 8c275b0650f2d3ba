/** Alerts as cards for a thumb, and as a table for a wide screen. */
import { Anchor, Box, Button, Group, Paper, Stack, Text } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { AlertView } from "../../api/schema";
import { AlertMark, SeverityMark } from "../../ui/marks";
import { Time } from "../../ui/time";
import styles from "./alerts.module.css";

export interface Row {
  org: string;
  alert: AlertView;
  /** Takes it; null where somebody may not. */
  acknowledge: ((alert: AlertView) => void) | null;
}

function Acknowledge({ alert, acknowledge, wide }: Pick<Row, "alert" | "acknowledge"> & { wide: boolean }) {
  const { t } = useTranslation();
  if (!acknowledge || alert.state !== "open") {
    return null;
  }
  return (
    <Button
      className={styles["above"] ?? ""}
      size={wide ? "sm" : "lg"}
      mih={44}
      fullWidth={!wide}
      leftSection={<IconCheck size={20} aria-hidden />}
      aria-label={t("alerts.acknowledgeNamed", { message: alert.message })}
      onClick={() => acknowledge(alert)}
    >
      {t("alerts.acknowledge")}
    </Button>
  );
}

export function AlertCard({ org, alert, acknowledge }: Row) {
  const { t } = useTranslation();
  const isOpen = alert.state === "open";
  return (
    <Paper component="li" withBorder p="sm" className={styles["card"] ?? ""} data-severity={alert.severity}>
      <Stack gap="xs">
        <Group gap="xs">
          <SeverityMark severity={alert.severity} />
          <AlertMark state={alert.state} />
          <Text size="sm" c="dimmed" ml="auto">
            <Time at={alert.updated_at} />
          </Text>
        </Group>
        <Link to="/o/$org/alerts/$id" params={{ org, id: alert.id }} className={styles["link"] ?? ""}>
          <Text fw={isOpen ? 700 : 500} size={isOpen ? "lg" : "md"} lineClamp={3} className="inert" dir="auto">
            {alert.message || t("alerts.noMessage")}
          </Text>
        </Link>
        <Text size="sm" c="dimmed">
          <span className="inert">{alert.project}</span> · {t("alerts.requests", { count: alert.requests })}
        </Text>
        <Acknowledge alert={alert} acknowledge={acknowledge} wide={false} />
      </Stack>
    </Paper>
  );
}

function AlertRow({ org, alert, acknowledge, acts }: Row & { acts: boolean }) {
  const { t } = useTranslation();
  const isOpen = alert.state === "open";
  return (
    <tr>
      <td>
        <SeverityMark severity={alert.severity} />
      </td>
      <td>
        <Anchor
          component={Link}
          to="/o/$org/alerts/$id"
          params={{ org, id: alert.id } as never}
          c="inherit"
          fw={isOpen ? 700 : 400}
          lineClamp={2}
          className="inert"
          dir="auto"
        >
          {alert.message || t("alerts.noMessage")}
        </Anchor>
      </td>
      <td className="inert">{alert.project}</td>
      <td>
        <AlertMark state={alert.state} />
      </td>
      <td className={styles["number"]}>{alert.requests}</td>
      <td>
        <Time at={alert.opened_at} />
      </td>
      <td>
        <Time at={alert.updated_at} />
      </td>
      {acts && (
        <td>
          <Acknowledge alert={alert} acknowledge={acknowledge} wide />
        </td>
      )}
    </tr>
  );
}

const COLUMNS = [
  { name: "severity", w: 120 },
  { name: "message" },
  { name: "project", w: 140 },
  { name: "state", w: 150 },
  { name: "requests", w: 90, ta: "end" },
  { name: "opened", w: 120 },
  { name: "updated", w: 120 },
  { name: "action", w: 170 },
] as const;

export function AlertTable({ rows, label }: { rows: Row[]; label: string }) {
  const { t } = useTranslation();
  const acts = rows.some(({ acknowledge, alert }) => acknowledge && alert.state === "open");
  return (
    <div className={styles["wide"]}>
      <table className={styles["table"]} aria-label={label}>
        <thead>
          <tr>
            {COLUMNS.filter(({ name }) => acts || name !== "action").map(({ name, ...looks }) => (
              <Box key={name} component="th" scope="col" {...looks}>
                {t(`alerts.columns.${name}`)}
              </Box>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <AlertRow key={row.alert.id} {...row} acts={acts} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function AlertCards({ rows, label }: { rows: Row[]; label: string }) {
  return (
    <Stack component="ul" gap="sm" p={0} m={0} aria-label={label}>
      {rows.map((row) => (
        <AlertCard key={row.alert.id} {...row} />
      ))}
    </Stack>
  );
}
