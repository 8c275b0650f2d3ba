import { Group, Progress, Text, Tooltip } from "@mantine/core";
import {
  IconAlertTriangle,
  IconCircleCheck,
  IconCircleX,
  IconClock,
  IconHelpCircle,
  IconPlayerPause,
  IconPlugConnectedX,
} from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { PbxHealth, PbxView, TrunkView } from "../../api/schema";
import { Mark } from "../../ui/marks";
import { conditionOf } from "./order";

const HEALTH = {
  healthy: { color: "teal.7", icon: IconCircleCheck },
  degraded: { color: "orange.9", icon: IconAlertTriangle },
  draining: { color: "blue.8", icon: IconPlayerPause },
  offline: { color: "red.8", icon: IconCircleX },
} as const satisfies Record<PbxHealth, unknown>;

/** How a PBX is; of one whose host never came, or may not, that it is so. */
export function HealthMark({ pbx }: { pbx: PbxView }) {
  const { t } = useTranslation();
  if (pbx.health === "offline" && conditionOf(pbx) === "waiting") {
    const text = pbx.revoked ? t("admin.fleet.revoked") : t("admin.fleet.notEnrolled");
    return <Mark look={{ color: "gray.7", icon: pbx.revoked ? IconPlugConnectedX : IconClock }}>{text}</Mark>;
  }
  return <Mark look={HEALTH[pbx.health]}>{t(`admin.fleet.health.${pbx.health}`)}</Mark>;
}

/** How a trunk stands, in one word and with a sign. */
export function useTrunkState() {
  const { t } = useTranslation();
  return (trunk: TrunkView, isHeard: boolean) => {
    if (!isHeard) {
      return { text: t("admin.fleet.trunk.unheard"), color: "gray", icon: IconHelpCircle };
    }
    if (!trunk.online) {
      return { text: t("admin.fleet.trunk.offline"), color: "red", icon: IconCircleX };
    }
    if (trunk.rested_until) {
      return { text: t("admin.fleet.trunk.rested"), color: "blue", icon: IconPlayerPause };
    }
    const text = t(`admin.fleet.trunk.standing.${trunk.standing}`);
    switch (trunk.standing) {
      case "works":
        return { text, color: "teal", icon: IconCircleCheck };
      case "probation":
        return { text, color: "blue", icon: IconHelpCircle };
      case "doubtful":
      case "resting":
        return { text, color: "orange", icon: IconAlertTriangle };
    }
  };
}

export function TrunkState({
  trunk,
  isHeard,
  brief = false,
}: {
  trunk: TrunkView;
  isHeard: boolean;
  brief?: boolean;
}) {
  const { text, color, icon: Icon } = useTrunkState()(trunk, isHeard);
  const sign = (
    <Text span c={`var(--mantine-color-${color}-text)`} lh={0} flex="none">
      <Icon size={16} aria-hidden={!brief} {...(brief ? { role: "img", "aria-label": text } : {})} />
    </Text>
  );
  return brief ? (
    <Tooltip label={text}>{sign}</Tooltip>
  ) : (
    <Group gap={6} wrap="nowrap">
      {sign}
      <Text size="sm">{text}</Text>
    </Group>
  );
}

/** How many calls are under way, of how many; only of how many, where nobody says. */
export function Load({ trunk, isHeard }: { trunk: TrunkView; isHeard: boolean }) {
  const { t } = useTranslation();
  const { name, active, max_concurrent: most } = trunk;
  const part = isHeard && most > 0 ? (100 * active) / most : 0;
  return (
    <Group gap={6} wrap="nowrap" miw={0}>
      <Progress.Root flex={1} miw={28} size="md" radius="sm">
        <Progress.Section
          value={part}
          color={part >= 100 ? "red.8" : part >= 80 ? "orange.9" : "teal.7"}
          aria-label={t("admin.fleet.trunk.load", { name })}
        />
      </Progress.Root>
      <Text size="xs" className="digits" flex="none">
        {isHeard ? active : "–"}/{most}
      </Text>
    </Group>
  );
}
