import { Button, Stack, Text, Title } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { IconArrowUp } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { type ReactNode, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { AlertView } from "../../api/schema";
import { Failure, Outdated } from "../../ui/failure";
import { PageLink } from "../../ui/link";
import { Empty, Loading, Page } from "../../ui/page";
import { Pager } from "../../ui/pager";
import { useOrganization } from "../organization";
import styles from "./alerts.module.css";
import { useAlertDeeds } from "./deeds";
import { Filters } from "./filters";
import { type AlertSearch, type AlertsRead, alertsQuery } from "./queries";
import { AlertCards, AlertTable } from "./rows";
import { SetupHint } from "./setup-hint";
import { useSteady } from "./steady";

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
        <Listed key={org} org={org} search={search} go={go} />
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
  const failed = [open, all].find(({ isError }) => isError);
  const again = () => {
    void open.refetch();
    void all.refetch();
  };
  if (!all.data || !open.data) {
    return failed ? <Failure error={failed.error} retry={again} /> : <Loading />;
  }
  // That there is nothing to do is said of what was read just now alone.
  const isCertain = !failed && isRead(open.data) && isRead(all.data);
  const old = !isCertain && <Outdated error={failed?.error} at={Math.min(open.data.at, all.data.at)} retry={again} />;
  if (urgent.length + rest.length === 0) {
    return isCertain ? <Nothing org={org} search={search} go={go} /> : <Uncertain old={old} failed={!!failed} />;
  }
  const latest = [...all.data.items, ...open.data.items];
  return (
    <Stack gap="lg">
      {failed && old}
      <Stack gap="xs" component="section">
        {urgent.length > 0 ? (
          <>
            <Title order={2} size="h4" className={styles["heading"] ?? ""}>
              {t("alerts.open")}
            </Title>
            <Alerts org={org} alerts={urgent} latest={latest} label={t("alerts.open")} taken={taken} />
            {open.data.next && <MoreOpen org={org} search={search} />}
          </>
        ) : isCertain ? (
          <Empty title={t("alerts.calm")}>{t("alerts.calmHint")}</Empty>
        ) : (
          !failed && <Loading rows={1} />
        )}
      </Stack>
      {rest.length > 0 && (
        <Stack gap="xs" component="section">
          <Title order={2} size="h4" className={styles["heading"] ?? ""}>
            {t("alerts.earlier")}
          </Title>
          <Alerts org={org} alerts={rest} latest={latest} label={t("alerts.earlier")} />
        </Stack>
      )}
      {!failed && old}
      <Pager after={undefined} next={all.data.next} go={(after) => go({ ...search, after })} />
    </Stack>
  );
}

/** Whether it was read in this visit. */
const isRead = ({ kept }: AlertsRead) => !kept;

/** In place of a list that may be empty, or not. */
function Uncertain({ old, failed }: { old: ReactNode; failed: boolean }) {
  return (
    <Stack gap="lg">
      {old}
      {!failed && <Loading />}
    </Stack>
  );
}

/** There are more open ones than stand here. */
function MoreOpen({ org, search }: { org: string; search: AlertSearch }) {
  const { t } = useTranslation();
  return (
    <Text size="sm">
      {t("alerts.moreOpen")}{" "}
      <PageLink to="/o/$org/alerts" params={{ org }} search={{ ...search, state: "open" }} size="sm">
        {t("alerts.allOpen")}
      </PageLink>
    </Text>
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
  const { data, error, isError, isPlaceholderData, refetch } = useQuery(alertsQuery(org, search));
  const again = () => void refetch();
  if (!data) {
    return isError ? <Failure error={error} retry={again} /> : <Loading />;
  }
  const isCertain = !isError && !isPlaceholderData && isRead(data);
  const old = !isCertain && !isPlaceholderData && <Outdated error={error} at={data.at} retry={again} />;
  if (data.items.length === 0 && !data.next && !search.after) {
    return isCertain ? <Nothing org={org} search={search} go={go} /> : <Uncertain old={old} failed={isError} />;
  }
  return (
    <Stack gap="lg">
      {isError && old}
      <Stack gap="xs" component="section">
        <Title order={2} size="h4" className={styles["heading"] ?? ""}>
          {search.state ? t(`alerts.filter.${search.state}`) : t("alerts.earlier")}
        </Title>
        <Alerts
          key={JSON.stringify(search)}
          org={org}
          alerts={data.items}
          latest={data.items}
          label={t("alerts.title")}
        />
      </Stack>
      {!isError && old}
      <Pager after={search.after} next={data.next} go={(after) => go({ ...search, after })} />
    </Stack>
  );
}

function Alerts({
  org,
  alerts,
  latest,
  label,
  taken,
}: {
  org: string;
  alerts: AlertView[];
  /** Where an alert that has left the list meanwhile may be. */
  latest: AlertView[];
  label: string;
  taken?: (alert: AlertView) => void;
}) {
  const { t } = useTranslation();
  const { membership } = useOrganization();
  const { acknowledge } = useAlertDeeds(org);
  const isWide = useMediaQuery("(min-width: 62em)", undefined, { getInitialValueInEffect: false });
  const held = useSteady(alerts, latest);
  const take = (alert: AlertView) => {
    taken?.(alert);
    acknowledge.mutate(alert);
  };
  const may = membership !== undefined && membership.role !== "viewer";
  const rows = held.alerts.map((alert) => ({ org, alert, acknowledge: may ? take : null }));
  return (
    <div ref={held.list} {...held.events}>
      {held.waiting > 0 && (
        <div className={styles["waiting"]}>
          <Button mih={44} leftSection={<IconArrowUp size={18} aria-hidden />} onClick={held.bring}>
            {t("alerts.waiting", { count: held.waiting })}
          </Button>
        </div>
      )}
      {isWide ? <AlertTable rows={rows} label={label} /> : <AlertCards rows={rows} label={label} />}
    </div>
  );
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
