import { Group, Text, UnstyledButton } from "@mantine/core";
import { Link, Outlet, useParams } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useLive } from "../../api/live";
import type { MembershipDocument } from "../../api/schema";
import { membershipIn, useSession } from "../../api/session";
import type { Line } from "../../api/stream";
import { Frame } from "../../ui/frame";
import icon from "../../ui/icon.svg";
import { LineMark } from "../../ui/line-mark";
import { isZone, Zone } from "../../ui/time";
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
  return membership ? <LiveFrame membership={membership} /> : <Framed membership={undefined} line={null} />;
}

function LiveFrame({ membership }: { membership: MembershipDocument }) {
  return <Framed membership={membership} line={useLive(membership.slug)} />;
}

function Framed({ membership, line }: { membership: MembershipDocument | undefined; line: Line | null }) {
  const { t } = useTranslation();
  const zone = membership?.timezone;
  return (
    <Zone.Provider value={zone && isZone(zone) ? zone : null}>
      <Frame
        brand={
          <>
            <UnstyledButton component={Link} to="/" aria-label={t("common.product")}>
              <Group gap="xs" wrap="nowrap">
                <img src={icon} width={28} height={28} alt="" />
                <Text fw={700} visibleFrom="sm">
                  {t("common.product")}
                </Text>
              </Group>
            </UnstyledButton>
            <OrganizationMenu current={membership} />
          </>
        }
        aside={
          <>
            {line && <LineMark line={line} />}
            <AccountMenu />
          </>
        }
        menu={<Navigation membership={membership} />}
        bar={membership && ((more) => <BottomBar org={membership.slug} more={more} />)}
      >
        <Outlet />
        <CookieNotice />
      </Frame>
    </Zone.Provider>
  );
}
