import { AppShell, Burger, Group, Text, UnstyledButton } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { Link, Outlet, useParams, useRouterState } from "@tanstack/react-router";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { useLive } from "../../api/live";
import type { MembershipDocument } from "../../api/schema";
import { membershipIn, useSession } from "../../api/session";
import type { Line } from "../../api/stream";
import icon from "../../ui/icon.svg";
import { LineMark } from "../../ui/line-mark";
import { Zone } from "../../ui/time";
import { lastOrganization } from "../organization";
import { AccountMenu } from "./account-menu";
import { CookieNotice } from "./cookie-notice";
import { BottomBar, Navigation } from "./navigation";
import { OrganizationMenu } from "./organization-menu";

/** Around every page of somebody who is signed in. */
export function Shell() {
  const { org } = useParams({ strict: false });
  const session = useSession();
  // From the pages of one's account the way back is as short.
  const membership = org ? membershipIn(session, org) : lastOrganization(session);
  return membership ? <LiveFrame membership={membership} /> : <Frame membership={undefined} line={null} />;
}

function LiveFrame({ membership }: { membership: MembershipDocument }) {
  return <Frame membership={membership} line={useLive(membership.slug)} />;
}

function Frame({ membership, line }: { membership: MembershipDocument | undefined; line: Line | null }) {
  const { t } = useTranslation();
  const [opened, { toggle, close }] = useDisclosure();
  const path = useRouterState({ select: (state) => state.location.pathname });
  // biome-ignore lint/correctness/useExhaustiveDependencies: another page closes the menu
  useEffect(close, [path]);
  return (
    <Zone.Provider value={membership?.timezone ?? null}>
      <UnstyledButton component="a" href="#content" className="skip" p="xs" bg="teal.7" c="white">
        {t("common.skip")}
      </UnstyledButton>
      <AppShell
        header={{ height: 56 }}
        navbar={{ width: 220, breakpoint: "md", collapsed: { mobile: !opened } }}
        footer={{ height: { base: membership ? 60 : 0, md: 0 } }}
        padding="md"
      >
        <AppShell.Header>
          <Group h="100%" px="md" justify="space-between" wrap="nowrap">
            <Group gap="sm" wrap="nowrap" miw={0}>
              <Burger opened={opened} onClick={toggle} hiddenFrom="md" size="sm" aria-label={t("common.menu")} />
              <UnstyledButton component={Link} to="/" aria-label={t("common.product")}>
                <Group gap="xs" wrap="nowrap">
                  <img src={icon} width={28} height={28} alt="" />
                  <Text fw={700} visibleFrom="sm">
                    {t("common.product")}
                  </Text>
                </Group>
              </UnstyledButton>
              <OrganizationMenu current={membership} />
            </Group>
            <Group gap="sm" wrap="nowrap">
              {line && <LineMark line={line} />}
              <AccountMenu />
            </Group>
          </Group>
        </AppShell.Header>
        <AppShell.Navbar p="sm" aria-label={t("common.menu")}>
          <Navigation membership={membership} />
        </AppShell.Navbar>
        <AppShell.Main id="content" tabIndex={-1}>
          <Outlet />
          <CookieNotice />
        </AppShell.Main>
        {membership && (
          <AppShell.Footer hiddenFrom="md">
            <BottomBar org={membership.slug} more={toggle} />
          </AppShell.Footer>
        )}
      </AppShell>
    </Zone.Provider>
  );
}
