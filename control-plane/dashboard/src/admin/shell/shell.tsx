import { AppShell, Badge, Burger, Group, Text, UnstyledButton } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { Link, Outlet, useRouterState } from "@tanstack/react-router";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import icon from "../../ui/icon.svg";
import { LineMark } from "../../ui/line-mark";
import { linkTo } from "../link";
import { AccountMenu } from "./account-menu";
import { Navigation } from "./navigation";
import { usePolls } from "./polls";
import "./shell.css";

/** Around every page of an operator. */
export function Shell() {
  const { t } = useTranslation();
  const line = usePolls();
  const [opened, { toggle, close }] = useDisclosure();
  const path = useRouterState({ select: (state) => state.location.pathname });
  // biome-ignore lint/correctness/useExhaustiveDependencies: another page closes the menu
  useEffect(close, [path]);
  return (
    <>
      <UnstyledButton component="a" href="#content" className="skip" p="xs" bg="teal.7" c="white">
        {t("common.skip")}
      </UnstyledButton>
      <AppShell
        header={{ height: 56 }}
        navbar={{ width: 220, breakpoint: "md", collapsed: { mobile: !opened } }}
        padding="md"
      >
        <AppShell.Header>
          <Group h="100%" px="md" justify="space-between" wrap="nowrap">
            <Group gap="sm" wrap="nowrap" miw={0}>
              <Burger opened={opened} onClick={toggle} hiddenFrom="md" size="sm" aria-label={t("common.menu")} />
              <UnstyledButton component={Link} {...linkTo({ to: "/" })}>
                <Group gap="xs" wrap="nowrap">
                  <img src={icon} width={28} height={28} alt="" />
                  <Text fw={700} span>
                    {t("common.product")}
                  </Text>
                  <Badge variant="outline" color="gray" radius="sm" tt="none" c="inherit">
                    {t("admin.shell.badge")}
                  </Badge>
                </Group>
              </UnstyledButton>
            </Group>
            <Group gap="sm" wrap="nowrap">
              {line && <LineMark line={line} />}
              <AccountMenu />
            </Group>
          </Group>
        </AppShell.Header>
        <AppShell.Navbar p="sm" aria-label={t("common.menu")}>
          <Navigation />
        </AppShell.Navbar>
        <AppShell.Main id="content" tabIndex={-1}>
          <Outlet />
        </AppShell.Main>
      </AppShell>
    </>
  );
}
