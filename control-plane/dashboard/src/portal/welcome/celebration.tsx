import { Box, Button, Group, Paper, Text, ThemeIcon, Title } from "@mantine/core";
import { IconPhoneCheck } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import type { CSSProperties } from "react";
import { useTranslation } from "react-i18next";
import styles from "./welcome.module.css";

const COLOURS = ["teal-5", "orange-5", "blue-5", "red-5", "yellow-5"];
const SPARKS = Array.from({ length: 18 }, (_, index) => {
  const angle = (index / 18) * 2 * Math.PI;
  const far = 90 + (index % 3) * 40;
  return {
    "--x": `${Math.round(Math.cos(angle) * far)}px`,
    "--y": `${Math.round(Math.sin(angle) * far)}px`,
    background: `var(--mantine-color-${COLOURS[index % COLOURS.length]})`,
  } as CSSProperties;
});

/** The first alert was taken. Whoever wants no motion sees none. */
export function Celebration({ org, governs }: { org: string; governs: boolean }) {
  const { t } = useTranslation();
  return (
    <Paper withBorder p="lg" className={styles["celebration"] ?? ""} role="status">
      <Box aria-hidden>
        {SPARKS.map((style, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: they are all the same
          <span key={index} className={styles["spark"]} style={style} />
        ))}
      </Box>
      <ThemeIcon size={64} radius="xl" className={styles["check"] ?? ""}>
        <IconPhoneCheck size={36} aria-hidden />
      </ThemeIcon>
      <Title order={3} size="h3" mt="sm">
        {t("welcome.celebration.title")}
      </Title>
      <Text mt={4}>{t("welcome.celebration.text")}</Text>
      {governs && (
        <Text size="sm" c="dimmed" mt="xs">
          {t("welcome.celebration.next")}
        </Text>
      )}
      <Group justify="center" gap="xs" mt="md">
        {governs && (
          <>
            <Button renderRoot={(props) => <Link to="/o/$org/team" params={{ org }} {...props} />}>
              {t("welcome.celebration.team")}
            </Button>
            <Button
              variant="default"
              renderRoot={(props) => <Link to="/o/$org/endpoints" params={{ org }} {...props} />}
            >
              {t("welcome.celebration.endpoints")}
            </Button>
          </>
        )}
        <Button variant="default" renderRoot={(props) => <Link to="/o/$org/alerts" params={{ org }} {...props} />}>
          {t("welcome.toAlerts")}
        </Button>
      </Group>
    </Paper>
  );
}
