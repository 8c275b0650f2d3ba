import { NavLink, Stack } from "@mantine/core";
import {
  IconAddressBook,
  IconBuilding,
  IconHistory,
  IconMail,
  IconPhoneCall,
  IconPhoneOff,
  IconServer2,
  IconShieldExclamation,
  IconSpeakerphone,
} from "@tabler/icons-react";
import { Link, useRouterState } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { linkTo } from "../link";

const PLACES = [
  { text: "fleet", to: "/", icon: IconServer2, below: ["/fleet", "/enrol"] },
  { text: "calls", to: "/calls", icon: IconPhoneCall },
  { text: "organizations", to: "/organizations", icon: IconBuilding },
  { text: "accounts", to: "/accounts", icon: IconAddressBook },
  { text: "abuse", to: "/abuse", icon: IconShieldExclamation },
  { text: "doNotCall", to: "/do-not-call", icon: IconPhoneOff },
  { text: "letters", to: "/letters", icon: IconMail },
  { text: "incidents", to: "/incidents", icon: IconSpeakerphone },
  { text: "audit", to: "/audit", icon: IconHistory },
] as const;

export function Navigation() {
  const { t } = useTranslation();
  const path = useRouterState({ select: (state) => state.location.pathname });
  const isIn = (root: string) => path === root || path.startsWith(`${root}/`);
  return (
    <div className="scrolls">
      <Stack gap={2}>
        {PLACES.map(({ text, to, icon: Icon, ...place }) => {
          const isHere = (to !== "/" && isIn(to)) || path === to || ("below" in place && place.below.some(isIn));
          return (
            <Link key={to} {...linkTo({ to })} className="plain" aria-current={isHere ? "page" : undefined}>
              <NavLink
                component="span"
                active={isHere}
                label={t(`admin.shell.${text}`)}
                leftSection={<Icon size={18} aria-hidden />}
              />
            </Link>
          );
        })}
      </Stack>
    </div>
  );
}
