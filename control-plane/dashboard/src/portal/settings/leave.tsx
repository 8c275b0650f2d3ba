import { Anchor, Button, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, take } from "../../api/client";
import { ApiError } from "../../api/problem";
import type { MembershipDocument } from "../../api/schema";
import { useSessionActions } from "../../api/session";
import { Confirm } from "../../ui/confirm";

/** Leaves an organization, after asking. What stands in the way is told. */
export function Leave({ membership }: { membership: MembershipDocument }) {
  const { t } = useTranslation();
  const [asked, setAsked] = useState(false);
  const [block, setBlock] = useState<"is_primary" | "last_owner" | null>(null);
  const { reread } = useSessionActions();
  const navigate = useNavigate();
  const { slug, name } = membership;
  const leave = async () => {
    setBlock(null);
    try {
      await take(api.POST("/api/v1/organization/leave", { params: { query: { org: slug } } }));
    } catch (error) {
      const code = error instanceof ApiError ? error.code : null;
      if (code === "is_primary" || code === "last_owner") {
        setBlock(code);
      }
      throw error;
    }
    await reread();
    notifications.show({ message: t("team.left", { organization: name }) });
    await navigate({ to: "/" });
  };
  return (
    <>
      <Button variant="default" onClick={() => setAsked(true)}>
        {t("team.leave")}
      </Button>
      {asked && (
        <Confirm
          title={t("team.leaveTitle", { organization: name })}
          action={t("team.leave")}
          does={leave}
          close={() => {
            setAsked(false);
            setBlock(null);
          }}
        >
          <Text size="sm">{t("team.leaveText")}</Text>
          {block === "last_owner" && <Text size="sm">{t("team.lastOwner")}</Text>}
          {block === "is_primary" && (
            <Text size="sm">
              {t("team.isPrimary")}{" "}
              <Anchor component={Link} to="/o/$org/projects" params={{ org: slug } as never} size="sm">
                {t("team.toProjects")}
              </Anchor>
            </Text>
          )}
        </Confirm>
      )}
    </>
  );
}
