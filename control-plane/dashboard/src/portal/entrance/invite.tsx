import { Button, Stack, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { api, take } from "../../api/client";
import type { InvitePreview } from "../../api/schema";
import { sessionQuery, useSessionActions } from "../../api/session";
import { codeOf, Failed, useDeed } from "../../ui/deed";
import { Failure } from "../../ui/failure";
import { PageButton } from "../../ui/link";
import { Loading, Page } from "../../ui/page";
import { moment } from "../../ui/time";
import { forgetInvitation, invitationQuery, keepInvitation, keptInvitation } from "./invitation";
import { NoToken, Said, Way } from "./said";
import { useToken } from "./token";

export function InvitePage() {
  const { t } = useTranslation();
  const token = useToken() || keptInvitation();
  const invitation = useQuery(invitationQuery(token));
  const isVoid = codeOf(invitation.error) === "link_void";
  useEffect(() => {
    if (isVoid) {
      forgetInvitation();
    } else if (token) {
      keepInvitation(token);
    }
  }, [token, isVoid]);
  if (!token) {
    return <NoToken />;
  }
  if (isVoid) {
    return (
      <Said title={t("entrance.void.title")} text={t("entrance.void.invite")}>
        <Way to="/">{t("entrance.invite.open")}</Way>
      </Said>
    );
  }
  if (invitation.error && !invitation.data) {
    return <Failure error={invitation.error} retry={() => void invitation.refetch()} />;
  }
  if (!invitation.data) {
    return (
      <Page title={t("entrance.invite.loading")}>
        <Loading rows={3} height={24} />
      </Page>
    );
  }
  return <Invitation token={token} to={invitation.data} />;
}

function Invitation({ token, to }: { token: string; to: InvitePreview }) {
  const { t, i18n } = useTranslation();
  const { data: session, isPending } = useQuery(sessionQuery);
  const email = session?.account.email;
  return (
    <Page title={t("entrance.invite.title", { organization: to.organization })}>
      <Text className="inert">
        {t("entrance.invite.text", { organization: to.organization, role: t(`codes.role.${to.role}`) })}{" "}
        {t("entrance.invite.for", { email: to.email })}
      </Text>
      <Text size="sm" c="dimmed">
        {t("entrance.invite.until", { time: moment(to.expires_at, i18n.language) })}
      </Text>
      {isPending ? (
        <Loading rows={1} />
      ) : email === undefined ? (
        <Stack gap="sm">
          <Text size="sm">{t("entrance.invite.who")}</Text>
          <PageButton to="/sign-in" search={{ to: "/invite" }} size="md">
            {t("entrance.invite.signIn")}
          </PageButton>
          <PageButton to="/sign-up" variant="default" size="md">
            {t("entrance.invite.signUp")}
          </PageButton>
        </Stack>
      ) : email.toLowerCase() === to.email.toLowerCase() ? (
        <Accept token={token} organization={to.organization} email={email} />
      ) : (
        <Wrong invited={to.email} email={email} />
      )}
    </Page>
  );
}

function Accept({ token, organization, email }: { token: string; organization: string; email: string }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { reread } = useSessionActions();
  const { go, busy, failure } = useDeed(async () => {
    const membership = await take(api.POST("/api/v1/invites/accept", { body: { token } }));
    forgetInvitation();
    await reread();
    notifications.show({ message: t("entrance.invite.joined", { organization }) });
    await navigate({ to: "/o/$org/alerts", params: { org: membership.slug } });
  });
  const code = codeOf(failure);
  const isMember = code === "already_member";
  return (
    <Stack gap="sm">
      <Text size="sm" className="inert">
        {isMember ? t("entrance.invite.member", { organization }) : t("entrance.invite.as", { email })}
      </Text>
      {code === "link_void" && <Text role="alert">{t("entrance.void.invite")}</Text>}
      <Failed failure={isMember || code === "link_void" ? null : failure} />
      {!isMember && code !== "link_void" && (
        <Button size="md" loading={busy} onClick={() => go()} className="inert">
          {t("entrance.invite.accept", { organization })}
        </Button>
      )}
      <PageButton to="/" variant="default" size="md" onClick={forgetInvitation}>
        {isMember ? t("entrance.invite.open") : t("entrance.invite.later")}
      </PageButton>
    </Stack>
  );
}

function Wrong({ invited, email }: { invited: string; email: string }) {
  const { t } = useTranslation();
  const { signOut } = useSessionActions();
  const { go, busy, failure } = useDeed(signOut);
  return (
    <Stack gap="sm" role="alert">
      <Text fw={600}>{t("entrance.invite.wrong")}</Text>
      <Text size="sm" className="inert">
        {t("entrance.invite.wrongHint", { invited, email })}
      </Text>
      <Failed failure={failure} />
      <Button size="md" loading={busy} onClick={() => go()}>
        {t("common.signOut")}
      </Button>
      <PageButton to="/" variant="default" size="md">
        {t("entrance.invite.later")}
      </PageButton>
    </Stack>
  );
}
