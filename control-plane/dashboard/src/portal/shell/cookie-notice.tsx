import { Button, Group, Paper, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { type Consent, consent, consentTo } from "../../keep";
import classes from "./cookie-notice.module.css";

/** Asks once what may be kept in this browser. It lies in nobody's way: it stands in the flow, below the page. */
export function CookieNotice() {
  const { t } = useTranslation();
  const [said, setSaid] = useState(() => consent() !== null);
  if (said) {
    return null;
  }
  const say = (what: Consent) => {
    consentTo(what);
    setSaid(true);
  };
  return (
    <Paper
      component="section"
      aria-label={t("common.cookies.title")}
      className={classes.notice}
      shadow="md"
      withBorder
      p="md"
      mt="md"
      maw={520}
      ml="auto"
    >
      <Text fw={600}>{t("common.cookies.title")}</Text>
      <Text size="sm" mt={4}>
        {t("common.cookies.text")}
      </Text>
      <Group gap="xs" mt="sm">
        <Button size="xs" onClick={() => say("all")}>
          {t("common.cookies.all")}
        </Button>
        <Button size="xs" variant="default" onClick={() => say("essential")}>
          {t("common.cookies.essential")}
        </Button>
      </Group>
    </Paper>
  );
}
