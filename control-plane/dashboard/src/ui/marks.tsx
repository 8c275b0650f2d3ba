/** Small marks that say how something stands. Colour is never the only sign. */
import { Badge, type MantineColor } from "@mantine/core";
import {
  IconAlertOctagon,
  IconAlertTriangle,
  IconCircleCheck,
  IconCircleDot,
  IconCircleX,
  IconClock,
  IconInfoCircle,
  IconPhoneCall,
  IconPlayerPause,
} from "@tabler/icons-react";
import type { ComponentType } from "react";
import { useTranslation } from "react-i18next";
import type { AlertState, AttemptStatus, CallStatus, Severity } from "../api/schema";

interface Look {
  color: MantineColor;
  icon: ComponentType<{ size?: number; "aria-hidden"?: boolean; className?: string }>;
  moves?: boolean;
}

const SEVERITIES: Record<Severity, Look> = {
  critical: { color: "red.8", icon: IconAlertOctagon },
  major: { color: "orange.9", icon: IconAlertTriangle },
  minor: { color: "blue.8", icon: IconInfoCircle },
  info: { color: "gray.7", icon: IconInfoCircle },
};

const STATES: Record<AlertState, Look> = {
  open: { color: "red.8", icon: IconCircleDot },
  acknowledged: { color: "teal.7", icon: IconCircleCheck },
  closed: { color: "gray.7", icon: IconCircleX },
};

const GOOD: Look = { color: "teal.7", icon: IconCircleCheck };
const BAD: Look = { color: "red.8", icon: IconCircleX };
const OVER: Look = { color: "gray.7", icon: IconCircleX };
const HELD: Look = { color: "orange.9", icon: IconPlayerPause };
const MOVES: Look = { color: "blue.8", icon: IconPhoneCall, moves: true };

const CALLS: Record<CallStatus, Look> = {
  queued: { color: "blue.8", icon: IconClock },
  calling: MOVES,
  answered: GOOD,
  acknowledged: GOOD,
  exhausted: BAD,
  expired: BAD,
  cancelled: OVER,
  blocked: HELD,
};

const ATTEMPTS: Record<AttemptStatus, Look> = {
  initiated: { color: "blue.8", icon: IconClock },
  placed: MOVES,
  answered: GOOD,
  acknowledged: GOOD,
  busy: OVER,
  no_answer: OVER,
  rejected: OVER,
  failed: BAD,
  refused: HELD,
  expired: BAD,
  cancelled: OVER,
};

export function Mark({ look, children }: { look: Look; children: string }) {
  const Icon = look.icon;
  return (
    <Badge
      color={look.color}
      variant="filled"
      radius="sm"
      tt="none"
      leftSection={<Icon size={14} aria-hidden {...(look.moves ? { className: "pulse" } : {})} />}
    >
      {children}
    </Badge>
  );
}

export function SeverityMark({ severity }: { severity: Severity }) {
  const { t } = useTranslation();
  return <Mark look={SEVERITIES[severity]}>{t(`codes.severity.${severity}`)}</Mark>;
}

export function AlertMark({ state }: { state: AlertState }) {
  const { t } = useTranslation();
  return <Mark look={STATES[state]}>{t(`codes.alertState.${state}`)}</Mark>;
}

export function CallMark({ status }: { status: CallStatus }) {
  const { t } = useTranslation();
  return <Mark look={CALLS[status]}>{t(`codes.callStatus.${status}`)}</Mark>;
}

export function AttemptMark({ status }: { status: AttemptStatus }) {
  const { t } = useTranslation();
  return <Mark look={ATTEMPTS[status]}>{t(`codes.attemptStatus.${status}`)}</Mark>;
}
