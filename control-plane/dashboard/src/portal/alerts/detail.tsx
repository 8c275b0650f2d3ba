import { Alert, Anchor, Grid, Group, Stack, Text } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { IconChevronLeft } from "@tabler/icons-react";
import { Link, useParams } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { Failure, Outdated } from "../../ui/failure";
import { AlertMark, SeverityMark } from "../../ui/marks";
import { Loading, Page } from "../../ui/page";
import { Section } from "../../ui/section";
import { Time } from "../../ui/time";
import { useOrganization } from "../organization";
import { Actions } from "./actions";
import styles from "./alerts.module.css";
import { Names, People, Requests } from "./facts";
import { type LiveAlert, useLiveAlert } from "./live";
import { Now } from "./now";
import type { Story } from "./queries";
import { StoryLine } from "./story";

export function AlertPage() {
  const { t } = useTranslation();
  const { org } = useOrganization();
  const { id } = useParams({ from: "/signed-in/o/$org/alerts/$id" });
  const live = useLiveAlert(org, id);
  return (
    <Page title={t("alerts.detail.title")} aside={<Back org={org} />}>
      {live.alert ? (
        <>
          {live.error && <Outdated error={live.error} at={live.at} retry={live.retry} />}
          <Whole org={org} live={live} alert={live.alert} />
        </>
      ) : live.error ? (
        <Failure error={live.error} retry={live.retry} />
      ) : (
        <Loading />
      )}
    </Page>
  );
}

function Back({ org }: { org: string }) {
  const { t } = useTranslation();
  return (
    <Anchor component={Link} to="/o/$org/alerts" params={{ org } as never} size="sm">
      <Group gap={2} component="span" display="inline-flex">
        <IconChevronLeft size={16} aria-hidden />
        {t("alerts.detail.back")}
      </Group>
    </Anchor>
  );
}

function Whole({ org, live, alert }: { org: string; live: LiveAlert; alert: Story }) {
  const { t } = useTranslation();
  const { membership } = useOrganization();
  const { calls, nameOf, whoIs } = live;
  const may = membership !== undefined && membership.role !== "viewer";
  const isWide = useMediaQuery("(min-width: 62em)", undefined, { getInitialValueInEffect: false });
  const rings = [...new Set(alert.calls.map(({ id }) => whoIs(id)))];
  const actions = may && <Actions org={org} alert={alert} rings={rings} />;
  return (
    <>
      <Head alert={alert} />
      <Now state={alert.state} people={alert.calls} calls={calls} whoIs={whoIs} />
      {isWide && actions}
      <Grid gap="md">
        <Grid.Col span={{ base: 12, md: 7 }}>
          <Section title={t("alerts.detail.timeline")}>
            <StoryLine org={org} events={alert.events} calls={calls} nameOf={nameOf} whoIs={({ id }) => whoIs(id)} />
            {alert.cut && <Alert variant="outline">{t("alerts.detail.timelineCut")}</Alert>}
          </Section>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 5 }}>
          <Stack>
            <People org={org} calls={alert.calls} whoIs={whoIs} />
            <Requests org={org} id={alert.id} />
            <Names alert={alert} />
          </Stack>
        </Grid.Col>
      </Grid>
      {!isWide && actions}
    </>
  );
}

function Head({ alert }: { alert: Story }) {
  const { t } = useTranslation();
  return (
    <Stack gap="xs">
      <Group gap="xs">
        <SeverityMark severity={alert.severity} />
        <AlertMark state={alert.state} />
        <Text size="sm" c="dimmed">
          <span className="inert">{alert.project}</span> · {t("alerts.requests", { count: alert.requests })}
        </Text>
      </Group>
      <Text size="xl" fw={700} lh={1.3} className={`inert ${styles["message"]}`} dir="auto">
        {alert.message || t("alerts.noMessage")}
      </Text>
      <Group gap="md">
        <Text size="sm" c="dimmed">
          {t("alerts.detail.opened")} <Time at={alert.opened_at} />
        </Text>
        <Text size="sm" c="dimmed">
          {t("alerts.detail.updated")} <Time at={alert.updated_at} />
        </Text>
      </Group>
    </Stack>
  );
}
