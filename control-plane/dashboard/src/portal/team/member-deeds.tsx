import { Anchor, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, take } from "../../api/client";
import { ApiError } from "../../api/problem";
import type { MemberDocument } from "../../api/schema";
import { useSessionActions } from "../../api/session";
import { Confirm } from "../../ui/confirm";
import { useOrganization } from "../organization";
import { RoleChoice } from "./roles";

interface Given {
  member: MemberDocument;
  close: () => void;
}

export function nameOf({ display_name, email, account_id }: MemberDocument): string {
  return display_name || email || account_id.slice(0, 8);
}

/** What became old with it is read again. What stands in the way is told in words of its own. */
function useChange() {
  const { t } = useTranslation();
  const { org } = useOrganization();
  const queries = useQueryClient();
  const [block, setBlock] = useState<string | null>(null);
  const run = async (does: () => Promise<unknown>) => {
    setBlock(null);
    try {
      await does();
    } catch (error) {
      setBlock(error instanceof ApiError ? error.code : null);
      throw error;
    }
    await queries.invalidateQueries({ queryKey: ["members", org] });
  };
  const told = (
    <>
      {block === "last_owner" && <Text size="sm">{t("team.lastOwner")}</Text>}
      {block === "is_primary" && (
        <Text size="sm">
          {t("team.isPrimary")}{" "}
          <Anchor component={Link} to="/o/$org/projects" params={{ org } as never} size="sm">
            {t("team.toProjects")}
          </Anchor>
        </Text>
      )}
    </>
  );
  return { run, told };
}

export function ChangeRole({ member, close }: Given) {
  const { t } = useTranslation();
  const { org, session } = useOrganization();
  const { reread } = useSessionActions();
  const { run, told } = useChange();
  const [role, setRole] = useState(member.role);
  const name = nameOf(member);
  const isMe = member.account_id === session.account.id;
  const change = () =>
    run(async () => {
      const params = { path: { account_id: member.account_id }, query: { org } };
      await take(api.PATCH("/api/v1/members/{account_id}", { params, body: { role } }));
      if (isMe) {
        await reread();
      }
      notifications.show({ message: t("team.roleSaved", { name, role: t(`codes.role.${role}`) }) });
    });
  return (
    <Confirm
      title={t("team.changeRoleTitle", { name })}
      action={t("common.save")}
      harmless
      ready={role !== member.role}
      does={change}
      close={close}
    >
      <RoleChoice value={role} onChange={setRole} />
      {isMe && role !== member.role && <Text size="sm">{t("team.ownRole")}</Text>}
      {told}
    </Confirm>
  );
}

export function Remove({ member, close }: Given) {
  const { t } = useTranslation();
  const { org, membership } = useOrganization();
  const { run, told } = useChange();
  const name = nameOf(member);
  const remove = () =>
    run(async () => {
      const params = { path: { account_id: member.account_id }, query: { org } };
      await take(api.DELETE("/api/v1/members/{account_id}", { params }));
      notifications.show({ message: t("team.removed", { name }) });
    });
  return (
    <Confirm title={t("team.removeTitle", { name })} action={t("team.remove")} does={remove} close={close}>
      <Text size="sm" className="inert">
        {t("team.removeText", { organization: membership?.name ?? org })}
      </Text>
      {told}
    </Confirm>
  );
}

export function Transfer({ member, close }: Given) {
  const { t } = useTranslation();
  const { org, membership } = useOrganization();
  const { reread } = useSessionActions();
  const { run, told } = useChange();
  const name = nameOf(member);
  const organization = membership?.name ?? org;
  const transfer = () =>
    run(async () => {
      const body = { account_id: member.account_id };
      await take(api.POST("/api/v1/organization/transfer", { params: { query: { org } }, body }));
      await reread();
      notifications.show({ message: t("team.transferred", { name, organization }) });
    });
  return (
    <Confirm
      title={t("team.transferTitle", { name, organization })}
      action={t("team.transferGo")}
      does={transfer}
      close={close}
    >
      <Text size="sm" className="inert">
        {t("team.transferText", { name })}
      </Text>
      {told}
    </Confirm>
  );
}
