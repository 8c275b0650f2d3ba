import { Button, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Failed, useDeed } from "../../ui/deed";
import { Page } from "../../ui/page";

/** A letter is on its way: where to, what to do with it, and what if it does not come. */
export function LetterSent({
  text,
  send,
  children,
}: {
  text: string;
  send: () => Promise<unknown>;
  children?: ReactNode;
}) {
  const { t } = useTranslation();
  const again = useDeed(async () => {
    await send();
    return true;
  });
  return (
    <Page title={t("entrance.mail.title")}>
      <Text className="inert" role="status">
        {text}
      </Text>
      {children}
      <Text size="sm" c="dimmed">
        {t("entrance.mail.nothing")}
      </Text>
      <Button variant="default" onClick={() => again.go()} loading={again.busy}>
        {t("entrance.mail.again")}
      </Button>
      {again.done && (
        <Text size="sm" role="status">
          {t("entrance.mail.sentAgain")}
        </Text>
      )}
      <Failed failure={again.failure} />
    </Page>
  );
}
