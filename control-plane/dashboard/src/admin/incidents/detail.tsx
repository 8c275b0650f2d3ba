import { Button, Group, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import type { Incident } from "../../api/schema";
import { Confirm } from "../../ui/confirm";
import { Page } from "../../ui/page";
import { Timeline } from "../../ui/rare/timeline";
import { Section } from "../../ui/section";
import { Time } from "../../ui/time";
import { BackTo } from "../back";
import { useAct } from "../deed";
import { useGo, usePageId } from "../link";
import { incidentQuery } from "../reads";
import { Shown } from "../shown";
import { useComponentName } from "./components";
import { EditDialog } from "./edit";
import { Preview } from "./list";
import { ImpactMark, StageMark } from "./marks";
import { TellForm } from "./tell";
import "./incidents.css";

export function IncidentPage() {
  const { t } = useTranslation();
  const asked = useQuery(incidentQuery(usePageId()));
  return (
    <Page
      title={asked.data?.title ?? t("admin.incidents.one")}
      aside={
        asked.data && (
          <Group gap="sm">
            <StageMark stage={asked.data.state} />
            <ImpactMark impact={asked.data.impact} />
          </Group>
        )
      }
    >
      <BackTo place={{ to: "/incidents" }}>{t("admin.shell.incidents")}</BackTo>
      <Shown asked={asked}>{(incident) => <Whole incident={incident} />}</Shown>
    </Page>
  );
}

function Whole({ incident }: { incident: Incident }) {
  const { t } = useTranslation();
  const nameOf = useComponentName();
  return (
    <>
      <Section
        title={t("admin.incidents.facts")}
        aside={
          <Group gap="sm">
            <Preview />
            <Deeds incident={incident} />
          </Group>
        }
      >
        <Text size="sm">
          {t("admin.incidents.affected")}:{" "}
          <span className="inert">
            {incident.components.map(nameOf).join(", ") || t("admin.incidents.nothingAffected")}
          </span>
        </Text>
        <Text size="sm">
          {t("admin.incidents.began")}: <Time at={incident.started_at} absolute />
          {incident.resolved_at && (
            <>
              {" · "}
              {t("admin.incidents.over")}: <Time at={incident.resolved_at} absolute />
            </>
          )}
        </Text>
      </Section>
      <TellForm incident={incident} />
      <Section title={t("admin.incidents.told")}>
        <Timeline active={-1} bulletSize={14} lineWidth={2}>
          {incident.updates.map((update) => (
            <Timeline.Item key={update.id}>
              <Stack gap={4} align="flex-start">
                <Group gap="sm">
                  <StageMark stage={update.state} />
                  <Text size="xs" c="dimmed">
                    <Time at={update.at} absolute />
                  </Text>
                </Group>
                <Text size="sm" className="inert told">
                  {update.text}
                </Text>
              </Stack>
            </Timeline.Item>
          ))}
        </Timeline>
      </Section>
    </>
  );
}

function Deeds({ incident }: { incident: Incident }) {
  const { t } = useTranslation();
  const act = useAct();
  const go = useGo();
  const [asks, setAsks] = useState<"edit" | "delete" | null>(null);
  const close = () => setAsks(null);
  return (
    <>
      <Button variant="default" onClick={() => setAsks("edit")}>
        {t("common.change")}
      </Button>
      <Button variant="default" className="danger" onClick={() => setAsks("delete")}>
        {t("admin.incidents.delete")}
      </Button>
      {asks === "edit" && <EditDialog incident={incident} close={close} />}
      {asks === "delete" && (
        <Confirm
          title={t("admin.incidents.deleteThis", { title: incident.title })}
          action={t("admin.incidents.delete")}
          does={async () => {
            await act(api.DELETE("/api/admin/v1/incidents/{id}", { params: { path: { id: incident.id } } }));
            go({ to: "/incidents" }, true);
          }}
          close={close}
        >
          <Text size="sm">{t("admin.incidents.deleteHint")}</Text>
        </Confirm>
      )}
    </>
  );
}
