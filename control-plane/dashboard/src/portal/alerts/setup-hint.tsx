import { Button, Group, Paper, Text } from "@mantine/core";
import { IconDeviceMobileOff } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { phonesQuery } from "../welcome/queries";

/** Told to whoever has no phone that may ring: an alert would ring others, or nobody. */
export function SetupHint({ org }: { org: string }) {
  const { t } = useTranslation();
  const { data: phones } = useQuery(phonesQuery);
  if (!phones || phones.some(({ verified }) => verified)) {
    return null;
  }
  return (
    <Paper component="section" withBorder p="sm" aria-label={t("alerts.setup.title")}>
      <Group gap="sm" justify="space-between">
        <Group gap="sm" wrap="nowrap" flex="1 1 260px">
          <IconDeviceMobileOff size={24} aria-hidden />
          <div>
            <Text fw={600}>{t("alerts.setup.title")}</Text>
            <Text size="sm" c="dimmed">
              {t("alerts.setup.text")}
            </Text>
          </div>
        </Group>
        <Button renderRoot={(props) => <Link to="/welcome" search={{ org }} {...props} />}>
          {t("alerts.setup.go")}
        </Button>
      </Group>
    </Paper>
  );
}
