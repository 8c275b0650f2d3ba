import { Button, Group, Select, Text } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api, take } from "../../api/client";
import type { AuditAction } from "../../api/schema";
import { deeds } from "../../texts/en/deeds";
import { Failure } from "../../ui/failure";
import { Empty, Loading, Page } from "../../ui/page";
import { Pager } from "../../ui/pager";
import { useOrganization } from "../organization";
import { Entries } from "./entries";

const route = getRouteApi("/signed-in/o/$org/audit");

/** What operators and people alone do stands in no organization's log. */
const KINDS = [
  "organization",
  "member",
  "invite",
  "project",
  "endpoint",
  "request",
  "scenario",
  "api_key",
  "alert",
] as const;
const ACTIONS = KINDS.flatMap((kind) => Object.keys(deeds[kind]).map((deed) => `${kind}.${deed}`));

export function AuditPage() {
  const { t } = useTranslation();
  const { org } = useOrganization();
  const { after, action, actor, subject } = route.useSearch();
  const navigate = route.useNavigate();
  const page = useQuery({
    queryKey: ["audit", org, after, action, actor, subject],
    queryFn: () =>
      take(
        api.GET("/api/v1/audit", {
          params: {
            query: {
              org,
              ...(after ? { after } : {}),
              ...(action ? { action: action as AuditAction } : {}),
              ...(actor ? { actor } : {}),
              ...(subject ? { subject } : {}),
            },
          },
        }),
      ),
    placeholderData: keepPreviousData,
  });
  const narrow = (more: { action?: string | undefined; actor?: string | undefined; subject?: string | undefined }) =>
    void navigate({ search: { action, actor, subject, ...more } });
  const isNarrow = Boolean(action || actor || subject);
  const items = page.data?.items;
  return (
    <Page title={t("audit.title")}>
      <Text size="sm" c="dimmed">
        {t("audit.hint")}
      </Text>
      <Group gap="sm" align="flex-end">
        <Select
          label={t("audit.action")}
          placeholder={t("audit.anything")}
          data={ACTIONS.map((value) => ({ value, label: t(`codes.deeds.${value}` as "codes.deeds.alert.closed") }))}
          value={action ?? null}
          onChange={(value) => narrow({ action: value ?? undefined })}
          searchable
          clearable
          w={{ base: "100%", sm: 280 }}
        />
        <ActorFilter value={actor} change={(value) => narrow({ actor: value })} />
        {isNarrow && (
          <Button variant="default" onClick={() => void navigate({ search: {} })}>
            {t("audit.clear")}
          </Button>
        )}
      </Group>
      {subject && (
        <Text size="sm" className="inert">
          {t("audit.subjectIs", { id: subject })}
        </Text>
      )}
      {page.error && <Failure error={page.error} retry={() => void page.refetch()} />}
      {page.isPending && <Loading rows={8} height={64} />}
      {items &&
        (items.length > 0 ? (
          <Entries
            items={items}
            byActor={(entry) => narrow({ actor: entry.actor })}
            bySubject={(entry) => narrow({ subject: entry.subject })}
          />
        ) : (
          <Empty title={isNarrow ? t("audit.none") : t("audit.empty")}>{isNarrow && t("audit.noneHint")}</Empty>
        ))}
      <Pager
        after={after}
        next={page.data?.next}
        go={(next) => void navigate({ search: { action, actor, subject, after: next } })}
      />
    </Page>
  );
}

/** People and keys that there are; whoever is gone is filtered by from the list itself. */
function ActorFilter({ value, change }: { value: string | undefined; change: (value: string | undefined) => void }) {
  const { t } = useTranslation();
  const { org } = useOrganization();
  const params = { query: { org, limit: 200 } };
  const members = useQuery({
    queryKey: ["members", org, "all"],
    queryFn: () => take(api.GET("/api/v1/members", { params })),
  });
  const keys = useQuery({ queryKey: ["keys", org, "all"], queryFn: () => take(api.GET("/api/v1/keys", { params })) });
  const known = [
    ...(members.data?.items ?? []).map(({ account_id, display_name, email }) => ({
      value: account_id,
      label: display_name ? `${display_name} (${email ?? ""})` : (email ?? account_id),
    })),
    ...(keys.data?.items ?? []).map(({ id, name }) => ({ value: id, label: t("audit.key", { name }) })),
  ];
  const isKnown = known.some((actor) => actor.value === value);
  return (
    <Select
      label={t("audit.actor")}
      placeholder={t("audit.anybody")}
      data={value && !isKnown ? [...known, { value, label: value.slice(0, 8) }] : known}
      value={value ?? null}
      onChange={(chosen) => change(chosen ?? undefined)}
      searchable
      clearable
      limit={100}
      w={{ base: "100%", sm: 280 }}
    />
  );
}
