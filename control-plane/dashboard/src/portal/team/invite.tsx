import { TextInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, take } from "../../api/client";
import type { Role } from "../../api/schema";
import { Confirm } from "../../ui/confirm";
import { useOnce } from "../../ui/deed";
import { useOrganization } from "../organization";
import { RoleChoice } from "./roles";

export function Invite({ close }: { close: () => void }) {
  const { t } = useTranslation();
  const { org } = useOrganization();
  const queries = useQueryClient();
  const once = useOnce();
  const [email, setEmail] = useState("");
  const [role, setRole] = useState<Role>("member");
  const invite = async () => {
    const body = { email: email.trim(), role };
    await take(api.POST("/api/v1/invites", { params: { query: { org }, header: once(body) }, body }));
    notifications.show({ message: t("team.invited", { email: body.email }) });
    await queries.invalidateQueries({ queryKey: ["invites", org] });
  };
  return (
    <Confirm
      title={t("team.inviteTitle")}
      action={t("team.inviteGo")}
      harmless
      ready={email.trim() !== ""}
      does={invite}
      close={close}
    >
      <TextInput
        label={t("common.fields.email")}
        type="email"
        autoComplete="off"
        required
        maxLength={254}
        data-autofocus
        value={email}
        onChange={(event) => setEmail(event.currentTarget.value)}
      />
      <RoleChoice value={role} onChange={setRole} />
    </Confirm>
  );
}
