import { Badge, Button, Group, Paper, SimpleGrid, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import type { PbxView, TrunkView } from "../../api/schema";
import { Failed, useDeed } from "../../ui/deed";
import { Time } from "../../ui/time";
import { useAct } from "../deed";
import { useFigures } from "../figures";
import { Fact } from "./facts";
import { Load, TrunkState } from "./marks";
import { isPoor } from "./order";
import { RestDialog } from "./rest";
import "./fleet.css";

/** One trunk with all that is known of it, and its rest. */
export function TrunkDetail({ pbx, trunk }: { pbx: PbxView; trunk: TrunkView }) {
  const { t } = useTranslation();
  const { whole, percent, time } = useFigures();
  return (
    <Paper withBorder p="md" component="article" aria-label={trunk.name}>
      <Stack gap="sm">
        <Group justify="space-between" gap="sm">
          <Group gap="md">
            <Text fw={600} className="inert">
              {trunk.name}
            </Text>
            <TrunkState trunk={trunk} isHeard={Boolean(pbx.connected_at)} />
          </Group>
          <Rest pbx={pbx} trunk={trunk} />
        </Group>
        {pbx.connected_at && <Standing trunk={trunk} />}
        <SimpleGrid component="dl" m={0} cols={{ base: 2, sm: 3, lg: 6 }} spacing="md">
          <Fact name={t("admin.fleet.trunk.calls")}>
            <Load trunk={trunk} isHeard={Boolean(pbx.connected_at)} />
          </Fact>
          <Fact name={t("admin.fleet.trunk.successLong")}>
            <span className={isPoor(trunk) ? "poor" : undefined}>{percent(trunk.success_rate)}</span>
          </Fact>
          <Fact name={t("admin.fleet.trunk.asrLong")}>{percent(trunk.answer_seizure_ratio)}</Fact>
          <Fact name={t("admin.fleet.trunk.pddLong")}>{time(trunk.post_dial_delay_ms)}</Fact>
          <Fact name={t("admin.fleet.trunk.attempts")}>
            {whole(trunk.attempts)}
            {trunk.failed > 0 && ` · ${t("admin.fleet.trunk.failed", { count: trunk.failed })}`}
          </Fact>
          <Fact name={t("admin.fleet.trunk.callerId")}>
            <span className="inert digits">{trunk.caller_id ?? t("admin.fleet.trunk.provider")}</span>
          </Fact>
        </SimpleGrid>
        <Group gap={6}>
          <Text size="xs" c="dimmed">
            {t("admin.fleet.trunk.countries")}
          </Text>
          {trunk.route_countries.length === 0 ? (
            <Text size="sm">{t("admin.fleet.trunk.nowhere")}</Text>
          ) : (
            trunk.route_countries.map((country) => (
              <Badge key={country} variant="default" radius="sm" tt="none" className="inert">
                {country}
              </Badge>
            ))
          )}
        </Group>
      </Stack>
    </Paper>
  );
}

/** Why it stands as it does, where that is not plain. */
function Standing({ trunk }: { trunk: TrunkView }) {
  const { t } = useTranslation();
  if (trunk.rested_until) {
    return (
      <Text size="sm">
        {t("admin.fleet.trunk.restsUntil")} <Time at={trunk.rested_until} absolute />
      </Text>
    );
  }
  const why = trunk.online ? (trunk.standing === "works" ? null : trunk.standing) : "offline";
  return why && <Text size="sm">{t(`admin.fleet.trunk.why.${why}`)}</Text>;
}

function Rest({ pbx, trunk }: { pbx: PbxView; trunk: TrunkView }) {
  const { t } = useTranslation();
  const act = useAct();
  const [asks, setAsks] = useState(false);
  const rest = (minutes: number) =>
    act(
      api.POST("/api/admin/v1/pbxs/{id}/trunks/{name}/rest", {
        params: { path: { id: pbx.id, name: trunk.name } },
        body: { minutes },
      }),
    );
  const end = useDeed(() => rest(0));
  return (
    <Group gap="sm">
      <Failed failure={end.failure} />
      {trunk.rested_until && (
        <Button size="xs" variant="default" loading={end.busy} onClick={() => end.go()}>
          {t("admin.fleet.rest.end")}
        </Button>
      )}
      <Button size="xs" variant="default" onClick={() => setAsks(true)}>
        {trunk.rested_until ? t("admin.fleet.rest.longer") : t("admin.fleet.rest.go")}
      </Button>
      {asks && <RestDialog name={trunk.name} rest={rest} close={() => setAsks(false)} />}
    </Group>
  );
}
