import { Affix, Button, Group, Paper, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { type Consent, consent, consentTo } from "../../ui/keep";

/** Asks once what may be kept in this browser. It lies in nobody's way: the page works meanwhile. */
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
    <Affix position={{ bottom: 72, right: 16, left: 16 }} zIndex={150}>
      <Paper
        component="section"
        aria-label={t("common.cookies.title")}
        shadow="md"
        withBorder
        p="md"
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
    </Affix>
  );
}
