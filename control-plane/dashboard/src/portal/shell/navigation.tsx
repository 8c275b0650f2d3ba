import { NavLink, SimpleGrid, Stack, Text, UnstyledButton } from "@mantine/core";
import {
  IconBellRinging,
  IconChartBar,
  IconDeviceMobile,
  IconDots,
  IconHistory,
  IconKey,
  IconLock,
  IconPhone,
  IconSettings,
  IconShieldLock,
  IconSitemap,
  IconUser,
  IconUsers,
  IconWebhook,
} from "@tabler/icons-react";
import { Link, type LinkProps } from "@tanstack/react-router";
import type { ComponentType } from "react";
import { useTranslation } from "react-i18next";
import type { MembershipDocument } from "../../api/schema";
import type { MenuControl } from "../../ui/frame";

type Icon = ComponentType<{ size?: number; "aria-hidden"?: boolean }>;

function Entry({ icon: Icon, label, ...to }: { icon: Icon; label: string } & LinkProps) {
  return (
    <Link {...to} activeProps={{ "aria-current": "page" }} className="plain">
      {({ isActive }) => (
        <NavLink component="span" active={isActive} label={label} leftSection={<Icon size={18} aria-hidden />} />
      )}
    </Link>
  );
}

/** What there is to see; what the role may not see is not offered. */
export function Navigation({ membership }: { membership: MembershipDocument | undefined }) {
  const { t } = useTranslation();
  const governs = membership?.role === "owner" || membership?.role === "admin";
  return (
    <div className="scrolls">
      <Stack gap={2}>
        {membership && (
          <>
            <Entry
              icon={IconBellRinging}
              label={t("shell.alerts")}
              to="/o/$org/alerts"
              params={{ org: membership.slug }}
            />
            <Entry icon={IconPhone} label={t("shell.calls")} to="/o/$org/calls" params={{ org: membership.slug }} />
            <Entry
              icon={IconChartBar}
              label={t("shell.figures")}
              to="/o/$org/figures"
              params={{ org: membership.slug }}
            />
            {governs && (
              <Entry
                icon={IconWebhook}
                label={t("shell.endpoints")}
                to="/o/$org/endpoints"
                params={{ org: membership.slug }}
              />
            )}
            <Entry
              icon={IconSitemap}
              label={t("shell.projects")}
              to="/o/$org/projects"
              params={{ org: membership.slug }}
            />
            <Entry icon={IconUsers} label={t("shell.team")} to="/o/$org/team" params={{ org: membership.slug }} />
            {governs && (
              <>
                <Entry icon={IconKey} label={t("shell.keys")} to="/o/$org/keys" params={{ org: membership.slug }} />
                <Entry
                  icon={IconHistory}
                  label={t("shell.audit")}
                  to="/o/$org/audit"
                  params={{ org: membership.slug }}
                />
              </>
            )}
            <Entry
              icon={IconSettings}
              label={t("shell.settings")}
              to="/o/$org/settings"
              params={{ org: membership.slug }}
            />
          </>
        )}
        <Text size="xs" c="dimmed" fw={600} mt="md" px="sm">
          {t("shell.account")}
        </Text>
        <Entry icon={IconDeviceMobile} label={t("shell.phones")} to="/account/phones" />
        <Entry icon={IconUser} label={t("shell.profile")} to="/account" activeOptions={{ exact: true }} />
        <Entry icon={IconShieldLock} label={t("shell.security")} to="/account/security" />
        <Entry icon={IconLock} label={t("shell.privacy")} to="/account/privacy" />
      </Stack>
    </div>
  );
}

function Thumb({ icon: Icon, label, isActive = false }: { icon: Icon; label: string; isActive?: boolean }) {
  return (
    <Stack gap={2} align="center" py={8} {...(isActive ? { c: "var(--chosen)" } : {})}>
      <Icon size={22} aria-hidden />
      <Text size="xs" fw={isActive ? 700 : 500}>
        {label}
      </Text>
    </Stack>
  );
}

/** Within reach of one thumb. */
export function BottomBar({ org, more }: { org: string; more: MenuControl }) {
  const { t } = useTranslation();
  const links = [
    { icon: IconBellRinging, label: t("shell.alerts"), to: "/o/$org/alerts" },
    { icon: IconPhone, label: t("shell.calls"), to: "/o/$org/calls" },
    { icon: IconUsers, label: t("shell.team"), to: "/o/$org/team" },
  ] as const;
  return (
    <SimpleGrid cols={4} spacing={0} component="nav" aria-label={t("common.quick")}>
      {links.map(({ icon, label, to }) => (
        <Link key={to} to={to} params={{ org }} className="plain" activeProps={{ "aria-current": "page" }}>
          {({ isActive }) => <Thumb icon={icon} label={label} isActive={isActive} />}
        </Link>
      ))}
      <UnstyledButton {...more}>
        <Thumb icon={IconDots} label={t("common.more")} />
      </UnstyledButton>
    </SimpleGrid>
  );
}
