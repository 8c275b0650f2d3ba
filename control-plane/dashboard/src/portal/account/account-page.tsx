import { Group, ScrollArea, Stack, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { Page } from "../../ui/page";
import classes from "./account.module.css";

/** A page of one's own account, and the way to the others. */
export function AccountPage({ title, children }: { title: string; children: ReactNode }) {
  const { t } = useTranslation();
  const ways = useRef<HTMLDivElement>(null);
  // On a phone some are beyond the edge: the page that is shown is not to be among them.
  useEffect(() => {
    ways.current?.querySelector("[aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });
  }, []);
  const pages = [
    { to: "/account", label: t("shell.profile") },
    { to: "/account/phones", label: t("shell.phones") },
    { to: "/account/security", label: t("shell.security") },
    { to: "/account/privacy", label: t("shell.privacy") },
    { to: "/account/history", label: t("account.history") },
  ] as const;
  return (
    <Page title={title}>
      <ScrollArea type="never" component="nav" aria-label={t("shell.account")}>
        <Group gap={4} wrap="nowrap" ref={ways}>
          {pages.map(({ to, label }) => (
            <Link
              key={to}
              to={to}
              activeOptions={{ exact: true }}
              activeProps={{ "aria-current": "page" }}
              className={classes["tab"]}
            >
              <Text size="sm" inherit component="span">
                {label}
              </Text>
            </Link>
          ))}
        </Group>
      </ScrollArea>
      <Stack gap="md" maw={860}>
        {children}
      </Stack>
    </Page>
  );
}
