import { Badge, Button, Group, Paper, Stack, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, take } from "../../api/client";
import type { InviteDocument } from "../../api/schema";
import { Confirm } from "../../ui/confirm";
import { Failed, useDeed } from "../../ui/deed";
import { Failure } from "../../ui/failure";
import { Loading } from "../../ui/page";
import { Pager } from "../../ui/pager";
import { Section } from "../../ui/section";
import { Time } from "../../ui/time";
import { useOrganization } from "../organization";

/** Invitations that nobody has taken yet. */
export function Invites() {
  const { t } = useTranslation();
  const { org } = useOrganization();
  const queries = useQueryClient();
  const [after, setAfter] = useState<string>();
  const [revoked, setRevoked] = useState<InviteDocument | null>(null);
  const page = useQuery({
    queryKey: ["invites", org, after],
    queryFn: () => take(api.GET("/api/v1/invites", { params: { query: { org, ...(after ? { after } : {}) } } })),
    placeholderData: keepPreviousData,
  });
  return (
    <Section title={t("team.invites")} hint={t("team.invitesHint")}>
      {page.error && <Failure error={page.error} retry={() => void page.refetch()} />}
      {page.isPending && <Loading rows={1} height={64} />}
      {page.data?.items.length === 0 && <Text size="sm">{t("team.noInvites")}</Text>}
      <Stack gap="xs" component="ul" m={0} p={0}>
        {page.data?.items.map((invite) => (
          <OneInvite key={invite.id} invite={invite} revoke={() => setRevoked(invite)} />
        ))}
      </Stack>
      <Pager inOrder after={after} next={page.data?.next} go={setAfter} />
      {revoked && (
        <Confirm
          title={t("team.revokeTitle", { email: revoked.email })}
          action={t("team.revoke")}
          does={async () => {
            const params = { path: { id: revoked.id }, query: { org } };
            await take(api.DELETE("/api/v1/invites/{id}", { params }));
            await queries.invalidateQueries({ queryKey: ["invites", org] });
          }}
          close={() => setRevoked(null)}
        >
          <Text size="sm">{t("team.revokeText")}</Text>
        </Confirm>
      )}
    </Section>
  );
}

function OneInvite({ invite, revoke }: { invite: InviteDocument; revoke: () => void }) {
  const { t } = useTranslation();
  const { org } = useOrganization();
  const queries = useQueryClient();
  const { id, email, role, state, expires_at } = invite;
  const { go, busy, failure } = useDeed(async () => {
    await take(api.POST("/api/v1/invites/{id}/resend", { params: { path: { id }, query: { org } } }));
    notifications.show({ message: t("team.invited", { email }) });
    await queries.invalidateQueries({ queryKey: ["invites", org] });
  });
  return (
    <Paper component="li" withBorder p="sm" display="block">
      <Group justify="space-between" gap="sm">
        <Stack gap={4} flex="1 1 200px" miw={0}>
          <Text fw={600} className="inert">
            {email}
          </Text>
          <Group gap="xs">
            <Badge color="gray.7" tt="none" radius="sm">
              {t(`codes.role.${role}`)}
            </Badge>
            {state === "expired" ? (
              <Badge color="orange.9" tt="none" radius="sm">
                {t("team.expired")}
              </Badge>
            ) : (
              <Text size="sm" c="dimmed">
                {t("team.pending")} · {t("team.expires")} <Time at={expires_at} />
              </Text>
            )}
          </Group>
          <Failed failure={failure} />
        </Stack>
        <Group gap="xs">
          <Button
            variant="default"
            size="sm"
            loading={busy}
            onClick={() => go()}
            aria-label={t("team.resendOf", { email })}
          >
            {t("team.resend")}
          </Button>
          <Button variant="default" size="sm" onClick={revoke} aria-label={t("team.revokeOf", { email })}>
            {t("team.revoke")}
          </Button>
        </Group>
      </Group>
    </Paper>
  );
}
