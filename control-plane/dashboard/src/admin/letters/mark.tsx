import {
  IconAlertTriangle,
  IconCircleCheck,
  IconCircleX,
  IconClock,
  IconMailOff,
  IconPlayerPause,
} from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { LetterState } from "../../api/schema";
import { Mark } from "../../ui/marks";

const LOOKS = {
  waiting: { color: "blue.8", icon: IconClock },
  sent: { color: "teal.7", icon: IconCircleCheck },
  failed: { color: "red.8", icon: IconCircleX },
  suppressed: { color: "gray.7", icon: IconPlayerPause },
  bounced: { color: "orange.9", icon: IconMailOff },
  complained: { color: "orange.9", icon: IconAlertTriangle },
} as const satisfies Record<LetterState, unknown>;

export function LetterMark({ state }: { state: LetterState }) {
  const { t } = useTranslation();
  return <Mark look={LOOKS[state]}>{t(`admin.letters.states.${state}`)}</Mark>;
}
