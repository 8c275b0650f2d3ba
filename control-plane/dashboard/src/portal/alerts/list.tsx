import { Button, Stack, Title } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { AlertView } from "../../api/schema";
import { Failure } from "../../ui/failure";
import { Empty, Loading, Page } from "../../ui/page";
import { Pager } from "../../ui/pager";
import { useOrganization } from "../organization";
import { useAlertDeeds } from "./deeds";
import { Filters } from "./filters";
import { type AlertSearch, alertsQuery } from "./queries";
import { AlertCards, AlertTable } from "./rows";
import { SetupHint } from "./setup-hint";

/** How long a list that has moved takes no press: a thumb was on its way to something else. */
const SETTLING = 400;

export function AlertsPage() {
  const { t } = useTranslation();
  const { org } = useOrganization();
  const search = useSearch({ from: "/signed-in/o/$org/alerts" });
  const navigate = useNavigate();
  const go = (to: AlertSearch) => void navigate({ to: "/o/$org/alerts", params: { org }, search: to });
  const isFront = !search.state && !search.after;
  return (
    <Page title={t("alerts.title")}>
      <SetupHint org={org} />
      <Filters org={org} search={search} go={go} />
      {isFront ? (
        <Front key={`${org} ${search.project} ${search.severity}`} org={org} search={search} go={go} />
      ) : (
        <Listed org={org} search={search} go={go} />
      )}
    </Page>
  );
}

interface Part {
  org: string;
  search: AlertSearch;
  go: (to: AlertSearch) => void;
}

/** What is open comes first, however old it is; then the rest, the newest first. */
function Front({ org, search, go }: Part) {
  const { t } = useTranslation();
  const all = useQuery(alertsQuery(org, search));
  const open = useQuery(alertsQuery(org, { ...search, state: "open" }));
  const [held, hold] = useState<AlertView[]>([]);
  const taken = (alert: AlertView) => hold((before) => [...before, alert]);
  const urgent = useMemo(() => together(open.data?.items ?? [], held, all.data?.items ?? []), [open, held, all]);
  const known = new Set(urgent.map(({ id }) => id));
  const rest = (all.data?.items ?? []).filter(({ id, state }) => !known.has(id) && state !== "open");
  if (!all.data || !open.data) {
    const failed = [all, open].find(({ isError }) => isError);
    return failed ? <Failure error={failed.error} retry={() => void failed.refetch()} /> : <Loading />;
  }
  if (urgent.length + rest.length === 0) {
    return <Nothing org={org} search={search} go={go} />;
  }
  return (
    <Stack gap="lg">
      <Stack gap="xs" component="section">
        {urgent.length > 0 ? (
          <>
            <Title order={2} size="h4">
              {t("alerts.open")}
            </Title>
            <Alerts org={org} alerts={urgent} label={t("alerts.open")} taken={taken} />
          </>
        ) : (
          <Empty title={t("alerts.calm")}>{t("alerts.calmHint")}</Empty>
        )}
      </Stack>
      {rest.length > 0 && (
        <Stack gap="xs" component="section">
          <Title order={2} size="h4">
            {t("alerts.earlier")}
          </Title>
          <Alerts org={org} alerts={rest} label={t("alerts.earlier")} />
        </Stack>
      )}
      <Pager after={undefined} next={all.data.next} go={(after) => go({ ...search, after })} />
    </Stack>
  );
}

/** What is open, and what was just taken here, which stays where it was so that nothing moves under the thumb. */
function together(open: AlertView[], held: AlertView[], all: AlertView[]): AlertView[] {
  const current = new Map([...all, ...open].map((alert) => [alert.id, alert]));
  const kept = held.map((alert) => current.get(alert.id) ?? { ...alert, state: "acknowledged" as const });
  const shown = new Map([...open, ...kept].map((alert) => [alert.id, alert]));
  return [...shown.values()].sort((a, b) => b.opened_at.localeCompare(a.opened_at));
}

function Listed({ org, search, go }: Part) {
  const { t } = useTranslation();
  const { data, error, isError, refetch } = useQuery(alertsQuery(org, search));
  if (!data) {
    return isError ? <Failure error={error} retry={() => void refetch()} /> : <Loading />;
  }
  if (data.items.length === 0 && !data.next && !search.after) {
    return <Nothing org={org} search={search} go={go} />;
  }
  return (
    <Stack gap="lg">
      <Alerts org={org} alerts={data.items} label={t("alerts.title")} />
      <Pager after={search.after} next={data.next} go={(after) => go({ ...search, after })} />
    </Stack>
  );
}

function Alerts({
  org,
  alerts,
  label,
  taken,
}: {
  org: string;
  alerts: AlertView[];
  label: string;
  taken?: (alert: AlertView) => void;
}) {
  const { membership } = useOrganization();
  const { acknowledge } = useAlertDeeds(org);
  const isWide = useMediaQuery("(min-width: 62em)", undefined, { getInitialValueInEffect: false });
  const isSettled = useSettled(alerts.map(({ id }) => id).join());
  const take = (alert: AlertView) => {
    if (isSettled()) {
      taken?.(alert);
      acknowledge.mutate(alert);
    }
  };
  const may = membership !== undefined && membership.role !== "viewer";
  const rows = alerts.map((alert) => ({ org, alert, acknowledge: may ? take : null }));
  return isWide ? <AlertTable rows={rows} label={label} /> : <AlertCards rows={rows} label={label} />;
}

/** Whether what is shown has stood still for long enough that a press means what it hits. */
function useSettled(order: string): () => boolean {
  const moved = useRef({ order, at: 0 });
  useEffect(() => {
    if (moved.current.order !== order) {
      moved.current = { order, at: performance.now() };
    }
  }, [order]);
  return () => performance.now() - moved.current.at > SETTLING;
}

function Nothing({ org, search, go }: Part) {
  const { t } = useTranslation();
  const { governs } = useOrganization();
  if (search.state || search.project || search.severity) {
    return (
      <Empty
        title={t("alerts.empty.filtered")}
        action={
          <Button variant="default" onClick={() => go({})}>
            {t("alerts.filter.clear")}
          </Button>
        }
      />
    );
  }
  if (!governs) {
    return <Empty title={t("alerts.empty.title")}>{t("alerts.empty.viewer")}</Empty>;
  }
  return (
    <Empty
      title={t("alerts.empty.title")}
      action={
        <Button size="md" renderRoot={(props) => <Link to="/welcome" search={{ org }} {...props} />}>
          {t("alerts.empty.go")}
        </Button>
      }
    >
      {t("alerts.empty.hint")}
    </Empty>
  );
}
