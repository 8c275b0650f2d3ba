import { Button, Group } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { linkTo } from "../link";

/** Between the letters and the addresses that get none. */
export function LetterTabs({ current }: { current: "/letters" | "/letters/suppressions" }) {
  const { t } = useTranslation();
  const places = [
    { to: "/letters", text: t("admin.letters.outbox") },
    { to: "/letters/suppressions", text: t("admin.letters.suppressions.title") },
  ] as const;
  return (
    <Group gap="xs" component="nav" aria-label={t("admin.shell.letters")}>
      {places.map(({ to, text }) => (
        <Button
          key={to}
          component={Link}
          {...linkTo({ to })}
          size="sm"
          variant={to === current ? "filled" : "default"}
          aria-current={to === current ? "page" : undefined}
        >
          {text}
        </Button>
      ))}
    </Group>
  );
}
