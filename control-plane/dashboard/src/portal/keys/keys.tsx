import { Badge, Button, Code, Group, Paper, Stack, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, take } from "../../api/client";
import type { KeyDocument } from "../../api/schema";
import { Confirm } from "../../ui/confirm";
import { Failure } from "../../ui/failure";
import { Empty, Loading, Page } from "../../ui/page";
import { Pager } from "../../ui/pager";
import { Time, useNow } from "../../ui/time";
import { useOrganization } from "../organization";
import { MakeKey } from "./make";

const route = getRouteApi("/signed-in/o/$org/keys");

export function KeysPage() {
  const { t } = useTranslation();
  const { org } = useOrganization();
  const { after } = route.useSearch();
  const navigate = route.useNavigate();
  const queries = useQueryClient();
  const [isMaking, setMaking] = useState(false);
  const [deleted, setDeleted] = useState<KeyDocument | null>(null);
  const page = useQuery({
    queryKey: ["keys", org, after],
    queryFn: () => take(api.GET("/api/v1/keys", { params: { query: { org, ...(after ? { after } : {}) } } })),
    placeholderData: keepPreviousData,
  });
  const make = <Button onClick={() => setMaking(true)}>{t("keys.create")}</Button>;
  const isEmpty = page.data?.items.length === 0;
  return (
    <Page title={t("shell.keys")} aside={!isEmpty && make}>
      <Text size="sm" c="dimmed">
        {t("keys.hint")}
      </Text>
      {page.error && <Failure error={page.error} retry={() => void page.refetch()} />}
      {page.isPending && <Loading rows={3} height={88} />}
      {isEmpty && (
        <Empty title={t("keys.none")} action={make}>
          {t("keys.noneHint")}
        </Empty>
      )}
      <Stack gap="xs" component="ul" m={0} p={0}>
        {page.data?.items.map((key) => (
          <OneKey key={key.id} document={key} remove={() => setDeleted(key)} />
        ))}
      </Stack>
      <Pager inOrder after={after} next={page.data?.next} go={(next) => void navigate({ search: { after: next } })} />
      {isMaking && <MakeKey close={() => setMaking(false)} />}
      {deleted && (
        <Confirm
          title={t("keys.deleteTitle", { name: deleted.name })}
          action={t("keys.delete")}
          does={async () => {
            await take(api.DELETE("/api/v1/keys/{id}", { params: { path: { id: deleted.id }, query: { org } } }));
            notifications.show({ message: t("keys.deleted", { name: deleted.name }) });
            await queries.invalidateQueries({ queryKey: ["keys", org] });
          }}
          close={() => setDeleted(null)}
        >
          <Text size="sm">{t("keys.deleteText")}</Text>
        </Confirm>
      )}
    </Page>
  );
}

function OneKey({ document: key, remove }: { document: KeyDocument; remove: () => void }) {
  const { t } = useTranslation();
  const now = useNow();
  const isOver = key.expires_at ? Date.parse(key.expires_at) <= now : false;
  return (
    <Paper component="li" withBorder p="sm" display="block">
      <Group justify="space-between" gap="sm">
        <Stack gap={4} flex="1 1 240px" miw={0}>
          <Group gap="xs">
            <Text fw={600} className="inert">
              {key.name}
            </Text>
            {key.scopes.map((scope) => (
              <Code key={scope}>{scope}</Code>
            ))}
            {isOver && (
              <Badge color="orange.9" tt="none" radius="sm">
                {t("keys.ended")}
              </Badge>
            )}
          </Group>
          <Text size="sm" c="dimmed" className="inert">
            {t("keys.since")} <Time at={key.created_at} />{" "}
            {key.created_by_email ? t("keys.by", { email: key.created_by_email }) : t("keys.byOperator")}
          </Text>
          <Text size="sm" c="dimmed">
            {key.last_used_at ? (
              <>
                {t("keys.used")} <Time at={key.last_used_at} />
              </>
            ) : (
              t("keys.unused")
            )}
            {" · "}
            {key.expires_at ? (
              <>
                {t("keys.ends")} <Time at={key.expires_at} absolute />
              </>
            ) : (
              t("keys.endsNever")
            )}
          </Text>
        </Stack>
        <Button variant="default" size="sm" onClick={remove} aria-label={t("keys.deleteOf", { name: key.name })}>
          {t("keys.delete")}
        </Button>
      </Group>
    </Paper>
  );
}
