import {
  IconAlertOctagon,
  IconAlertTriangle,
  IconCircleCheck,
  IconEye,
  IconInfoCircle,
  IconSearch,
  IconTool,
} from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Impact, IncidentState } from "../../api/schema";
import { Mark } from "../../ui/marks";

const IMPACTS = {
  none: { color: "gray.7", icon: IconInfoCircle },
  minor: { color: "blue.8", icon: IconInfoCircle },
  major: { color: "orange.9", icon: IconAlertTriangle },
  critical: { color: "red.8", icon: IconAlertOctagon },
} as const satisfies Record<Impact, unknown>;

const STAGES = {
  investigating: { color: "red.8", icon: IconSearch },
  identified: { color: "orange.9", icon: IconTool },
  monitoring: { color: "blue.8", icon: IconEye },
  resolved: { color: "teal.7", icon: IconCircleCheck },
} as const satisfies Record<IncidentState, unknown>;

export function ImpactMark({ impact }: { impact: Impact }) {
  const { t } = useTranslation();
  return <Mark look={IMPACTS[impact]}>{t(`admin.incidents.impacts.${impact}`)}</Mark>;
}

export function StageMark({ stage }: { stage: IncidentState }) {
  const { t } = useTranslation();
  return <Mark look={STAGES[stage]}>{t(`admin.incidents.stages.${stage}`)}</Mark>;
}
