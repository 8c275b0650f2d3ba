import { Anchor, Button, List, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, take } from "../../api/client";
import { ApiError } from "../../api/problem";
import type { MembershipDocument } from "../../api/schema";
import { useSessionActions } from "../../api/session";
import { Confirm } from "../../ui/confirm";

/** Deletes an organization, once its short name was typed in. */
export function DeleteOrganization({ membership }: { membership: MembershipDocument }) {
  const { t } = useTranslation();
  const [asked, setAsked] = useState(false);
  const [isLive, setLive] = useState(false);
  const { reread } = useSessionActions();
  const navigate = useNavigate();
  const { slug, name } = membership;
  const remove = async () => {
    setLive(false);
    try {
      await take(api.DELETE("/api/v1/organization", { params: { query: { org: slug } } }));
    } catch (error) {
      setLive(error instanceof ApiError && error.code === "live_alerts");
      throw error;
    }
    await reread();
    notifications.show({ message: t("settings.deleted", { organization: name }) });
    await navigate({ to: "/" });
  };
  return (
    <>
      <Button color="red.8" onClick={() => setAsked(true)} className="inert">
        {t("settings.deleteGo", { organization: name })}
      </Button>
      {asked && (
        <Confirm
          title={t("settings.deleteTitle", { organization: name })}
          action={t("settings.deleteGo", { organization: name })}
          type={{ label: t("settings.deleteType", { slug }), word: slug }}
          does={remove}
          close={() => {
            setAsked(false);
            setLive(false);
          }}
        >
          <Text size="sm">{t("settings.deleteLost")}</Text>
          <List size="sm">
            {(["projects", "keys", "members", "history"] as const).map((what) => (
              <List.Item key={what}>{t(`settings.lost.${what}`)}</List.Item>
            ))}
          </List>
          {isLive && (
            <Text size="sm">
              {t("settings.liveAlerts")}{" "}
              <Anchor
                component={Link}
                to="/o/$org/alerts"
                params={{ org: slug } as never}
                search={{ state: "open" } as never}
                size="sm"
              >
                {t("settings.toAlerts")}
              </Anchor>
            </Text>
          )}
        </Confirm>
      )}
    </>
  );
}
