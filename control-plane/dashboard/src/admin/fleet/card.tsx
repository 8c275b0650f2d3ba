import { Group, Paper, Stack, Text, Tooltip } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { PbxView, TrunkView } from "../../api/schema";
import { useFigures } from "../figures";
import { AdminLink } from "../link";
import { HealthMark, Load, TrunkState } from "./marks";
import { conditionOf, isPoor, isTroubled } from "./order";
import "./fleet.css";

/** One PBX among the others: what is wrong, and each trunk in a line. */
export function PbxCard({ pbx, newest }: { pbx: PbxView; newest: string | undefined }) {
  const { t } = useTranslation();
  const isOld = Boolean(pbx.agent_version) && pbx.agent_version !== newest;
  const condition = conditionOf(pbx);
  const words = pbx.trouble ?? (condition === "offline" ? t("admin.fleet.trouble.offlineTitle") : null);
  const troubled = condition === "trunks" ? pbx.trunks.filter(isTroubled).length : 0;
  return (
    <Paper withBorder p="sm" component="article" aria-label={pbx.name} className="pbx" data-condition={condition}>
      <Stack gap={6}>
        <Group justify="space-between" wrap="nowrap" gap="sm">
          <AdminLink place={{ to: "/fleet/$id", id: pbx.id }} fw={600} className="inert">
            {pbx.name}
          </AdminLink>
          <HealthMark pbx={pbx} />
        </Group>
        {words && (
          <Text size="sm" className="inert" lineClamp={3}>
            {words}
          </Text>
        )}
        {troubled > 0 && <Text size="sm">{t("admin.fleet.troubled", { count: troubled })}</Text>}
        <Group gap="xs" c="dimmed" fz="xs" className="facts">
          {pbx.connected_at && <span>{t("admin.fleet.underWay", { count: pbx.active })}</span>}
          {pbx.agent_version && (
            <span>
              {t("admin.fleet.agent")} <span className="inert">{pbx.agent_version}</span>
              {isOld && <strong className="older"> {t("admin.fleet.older")}</strong>}
            </span>
          )}
          {pbx.asterisk && (
            <span>
              Asterisk <span className="inert">{pbx.asterisk}</span>
            </span>
          )}
        </Group>
        {pbx.trunks.length > 0 && <Trunks pbx={pbx} />}
      </Stack>
    </Paper>
  );
}

function Trunks({ pbx }: { pbx: PbxView }) {
  const { t } = useTranslation();
  const heading = (short: string, whole: string) => (
    <th scope="col">
      <Tooltip label={whole} multiline maw={280} events={{ hover: true, focus: true, touch: true }}>
        <span>{short}</span>
      </Tooltip>
    </th>
  );
  return (
    <table className="trunks" aria-label={t("admin.fleet.trunksOf", { name: pbx.name })}>
      <thead>
        <tr>
          <th scope="col">{t("admin.fleet.trunk.name")}</th>
          <th scope="col">{t("admin.fleet.trunk.calls")}</th>
          {heading(t("admin.fleet.trunk.success"), t("admin.fleet.trunk.successHint"))}
          {heading(t("admin.fleet.trunk.asr"), t("admin.fleet.trunk.asrHint"))}
          {heading(t("admin.fleet.trunk.pdd"), t("admin.fleet.trunk.pddHint"))}
        </tr>
      </thead>
      <tbody>
        {pbx.trunks.map((trunk) => (
          <TrunkRow key={trunk.name} trunk={trunk} isHeard={Boolean(pbx.connected_at)} />
        ))}
      </tbody>
    </table>
  );
}

function TrunkRow({ trunk, isHeard }: { trunk: TrunkView; isHeard: boolean }) {
  const { percent, time } = useFigures();
  return (
    <tr>
      <th scope="row">
        <Group gap={6} wrap="nowrap">
          <TrunkState trunk={trunk} isHeard={isHeard} brief />
          <span className="inert">{trunk.name}</span>
        </Group>
      </th>
      <td>
        <Load trunk={trunk} isHeard={isHeard} />
      </td>
      <td className={isPoor(trunk) ? "poor" : undefined}>{percent(trunk.success_rate)}</td>
      <td>{percent(trunk.answer_seizure_ratio)}</td>
      <td>{time(trunk.post_dial_delay_ms)}</td>
    </tr>
  );
}
