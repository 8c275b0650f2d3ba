import { ActionIcon, Badge, Group, Menu, Paper, Stack, Text } from "@mantine/core";
import { IconDots, IconPhoneCheck, IconPhoneOff } from "@tabler/icons-react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, take } from "../../api/client";
import type { MemberDocument } from "../../api/schema";
import { Failure } from "../../ui/failure";
import { Empty, Loading } from "../../ui/page";
import { Pager } from "../../ui/pager";
import { Time } from "../../ui/time";
import { useOrganization } from "../organization";
import { Leave } from "../settings/leave";
import { ChangeRole, nameOf, Remove, Transfer } from "./member-deeds";

const route = getRouteApi("/signed-in/o/$org/team");
type Deed = "role" | "remove" | "transfer";

export function Members() {
  const { t } = useTranslation();
  const { org, governs } = useOrganization();
  const { after } = route.useSearch();
  const navigate = route.useNavigate();
  const [asked, setAsked] = useState<{ deed: Deed; member: MemberDocument } | null>(null);
  const close = () => setAsked(null);
  const page = useQuery({
    queryKey: ["members", org, after],
    queryFn: () => take(api.GET("/api/v1/members", { params: { query: { org, ...(after ? { after } : {}) } } })),
    placeholderData: keepPreviousData,
  });
  const items = page.data?.items;
  return (
    <>
      {page.error && <Failure error={page.error} retry={() => void page.refetch()} />}
      {page.isPending && <Loading rows={3} height={72} />}
      {items && (
        <Stack gap="xs" component="ul" m={0} p={0}>
          {items.map((member) => (
            <Member key={member.account_id} member={member} ask={(deed) => setAsked({ deed, member })} />
          ))}
        </Stack>
      )}
      {governs && items?.length === 1 && !after && !page.data?.next && (
        <Empty title={t("team.alone")}>{t("team.aloneHint")}</Empty>
      )}
      <Pager inOrder after={after} next={page.data?.next} go={(next) => void navigate({ search: { after: next } })} />
      {asked?.deed === "role" && <ChangeRole member={asked.member} close={close} />}
      {asked?.deed === "remove" && <Remove member={asked.member} close={close} />}
      {asked?.deed === "transfer" && <Transfer member={asked.member} close={close} />}
    </>
  );
}

function Member({ member, ask }: { member: MemberDocument; ask: (deed: Deed) => void }) {
  const { t } = useTranslation();
  const { session, membership, owns, governs } = useOrganization();
  const name = nameOf(member);
  const isMe = member.account_id === session.account.id;
  // Owners alone touch owners.
  const mayTouch = governs && (owns || member.role !== "owner");
  const Reached = member.reachable ? IconPhoneCheck : IconPhoneOff;
  return (
    <Paper component="li" withBorder p="sm" display="block">
      <Group justify="space-between" gap="sm">
        <Stack gap={4} flex="1 1 200px" miw={0}>
          <Group gap="xs">
            <Text fw={600} className="inert">
              {name}
            </Text>
            {isMe && (
              <Text size="sm" c="dimmed">
                ({t("team.you")})
              </Text>
            )}
            <Badge color={member.role === "owner" ? "teal.7" : "gray.7"} tt="none" radius="sm">
              {t(`codes.role.${member.role}`)}
            </Badge>
          </Group>
          {member.display_name && member.email && (
            <Text size="sm" c="dimmed" className="inert">
              {member.email}
            </Text>
          )}
          <Text size="sm" c="dimmed">
            {t("team.since")} <Time at={member.since} />
          </Text>
        </Stack>
        <Group gap="sm">
          <Text
            size="sm"
            component="span"
            title={member.reachable ? "" : t("team.unreachableHint")}
            {...(member.reachable ? {} : { fw: 600 })}
          >
            <Group gap={6} component="span" wrap="nowrap">
              <Reached size={18} aria-hidden />
              {member.reachable ? t("team.reachable") : t("team.unreachable")}
            </Group>
          </Text>
          {isMe && membership && <Leave membership={membership} />}
          {mayTouch && (
            <Menu position="bottom-end" withinPortal>
              <Menu.Target>
                <ActionIcon variant="default" size="lg" aria-label={t("team.deeds", { name })}>
                  <IconDots size={18} aria-hidden />
                </ActionIcon>
              </Menu.Target>
              <Menu.Dropdown>
                <Menu.Item onClick={() => ask("role")}>{t("team.changeRole")}</Menu.Item>
                {owns && !isMe && <Menu.Item onClick={() => ask("transfer")}>{t("team.transfer")}</Menu.Item>}
                {!isMe && <Menu.Item onClick={() => ask("remove")}>{t("team.remove")}</Menu.Item>}
              </Menu.Dropdown>
            </Menu>
          )}
        </Group>
      </Group>
    </Paper>
  );
}
