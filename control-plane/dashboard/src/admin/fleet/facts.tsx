import { SimpleGrid, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { PbxView } from "../../api/schema";
import { Time } from "../../ui/time";

/** One fact, below its name. */
export function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <Text component="dt" size="xs" c="dimmed">
        {name}
      </Text>
      <Text component="dd" size="sm" m={0}>
        {children}
      </Text>
    </div>
  );
}

export function Facts({ pbx, newest }: { pbx: PbxView; newest: string | undefined }) {
  const { t } = useTranslation();
  const nothing = t("common.none");
  return (
    <SimpleGrid component="dl" m={0} cols={{ base: 2, sm: 3, lg: 4 }} spacing="md">
      <Fact name={t("admin.fleet.facts.region")}>
        <span className="inert">{pbx.region || nothing}</span>
      </Fact>
      <Fact name={t("admin.fleet.facts.connected")}>
        {pbx.connected_at ? <Time at={pbx.connected_at} /> : t("common.no")}
      </Fact>
      <Fact name={t("admin.fleet.facts.agent")}>
        <span className="inert">{pbx.agent_version ?? nothing}</span>
        {pbx.agent_version && pbx.agent_version !== newest && (
          <strong className="older"> {t("admin.fleet.olderThan", { version: newest })}</strong>
        )}
      </Fact>
      <Fact name="Asterisk">
        <span className="inert">{pbx.asterisk ?? t("admin.fleet.facts.silent")}</span>
      </Fact>
      <Fact name={t("admin.fleet.facts.active")}>{pbx.active}</Fact>
      <Fact name={t("admin.fleet.facts.codes")}>{pbx.speaks_codes ? t("common.yes") : t("common.no")}</Fact>
      <Fact name={t("admin.fleet.facts.created")}>
        <Time at={pbx.created_at} />
      </Fact>
      {pbx.drained_at && (
        <Fact name={t("admin.fleet.facts.drained")}>
          <Time at={pbx.drained_at} />
        </Fact>
      )}
    </SimpleGrid>
  );
}
