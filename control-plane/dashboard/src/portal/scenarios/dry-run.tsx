import { Alert, Badge, Group, Loader, Stack, Text } from "@mantine/core";
import {
  IconAlertTriangle,
  IconBellOff,
  IconCheck,
  IconCircleCheck,
  IconPhone,
  IconPhoneOff,
  IconX,
} from "@tabler/icons-react";
import type { TFunction } from "i18next";
import { useTranslation } from "react-i18next";
import type { ConditionVerdict, DryRun, Recipient, RouteStanding, RuleVerdict } from "../../api/schema";
import { reasonWhy, reasonWord } from "../../ui/explain";
import { SeverityMark } from "../../ui/marks";
import { visible } from "../../ui/visible";
import type { Value } from "./rules";
import { VerdictMark } from "./verdict";
import { actionWords, Shown, Values } from "./words";

/** What a payload would do: in short, whom it would ring, and what each rule makes of it. */
export function DryRunResult({ dry, isTrying }: { dry: DryRun; isTrying: boolean }) {
  const { t } = useTranslation();
  return (
    <Stack gap="md" aria-busy={isTrying}>
      <Outcome dry={dry} />
      <Group gap="xs">
        <Text size="sm" c="dimmed">
          {t("scenarios.dry.read")}
        </Text>
        <SeverityMark severity={dry.severity} />
        <Text size="sm" className="inert">
          {visible(dry.message)}
        </Text>
        {isTrying && <Loader size="xs" aria-label={t("scenarios.dry.trying")} />}
      </Group>
      {dry.dedup_key && (
        <Text size="sm" c="dimmed" className="inert">
          {t("scenarios.dry.key", { key: visible(dry.dedup_key) })}
        </Text>
      )}
      {dry.recipients.map((recipient) => (
        <RecipientCard key={recipient.account_id} recipient={recipient} />
      ))}
      <Stack component="ol" gap="sm" p={0} m={0}>
        {dry.verdicts.map((verdict) => (
          <VerdictRow key={verdict.index} verdict={verdict} />
        ))}
      </Stack>
    </Stack>
  );
}

const LOOKS = {
  calls: { color: "teal", icon: IconPhone },
  waits: { color: "orange", icon: IconAlertTriangle },
  suppressed: { color: "gray", icon: IconBellOff },
  resolved: { color: "gray", icon: IconCircleCheck },
  nobody: { color: "red", icon: IconAlertTriangle },
} as const;

/** Nothing holds the call back, and some trunk may take it. */
function canRing({ destination, held_back: held, routes }: Recipient): boolean {
  return Boolean(destination) && !held && routes.some(({ standing }) => !LOST.includes(standing));
}

/** How a trunk stands that takes no call, however long one waits. */
const LOST: RouteStanding[] = ["offline", "draining", "not_allowed"];

function Outcome({ dry }: { dry: DryRun }) {
  const { t } = useTranslation();
  const ringing = dry.recipients.filter(canRing).length;
  const outcome = dry.outcome === "calls" && ringing === 0 ? "waits" : dry.outcome;
  const { color, icon: Icon } = LOOKS[outcome];
  return (
    <Alert
      color={color}
      variant="outline"
      icon={<Icon aria-hidden />}
      title={outcome === "calls" ? t("scenarios.dry.calls", { count: ringing }) : t(`scenarios.dry.${outcome}`)}
      role="status"
    >
      <Stack gap={4}>
        <Text size="sm" className="inert">
          {dry.rule == null
            ? t("scenarios.dry.byNone")
            : `${t("scenarios.dry.byRule", { place: dry.rule + 1 })}: ${actionWords(dry.action, t)}`}
        </Text>
        {dry.fallback && <Text size="sm">{fallbackWords(dry.fallback, t)}</Text>}
        {dry.outcome === "nobody" && <Text size="sm">{t("scenarios.dry.nobodyHint")}</Text>}
      </Stack>
    </Alert>
  );
}

const FALLBACKS = ["no_schedules", "no_member", "no_phone", "too_many_values"] as const;

function fallbackWords(word: string, t: TFunction): string {
  const known = FALLBACKS.find((one) => one === word);
  return known ? t(`scenarios.dry.fallback.${known}`) : t("scenarios.dry.fallbackOther");
}

function standingOf(recipient: Recipient, t: TFunction): string {
  if (recipient.held_back) {
    return t("scenarios.dry.held", { reason: reasonWord(recipient.held_back, t) });
  }
  if (!recipient.destination) {
    return t("scenarios.dry.noPhone");
  }
  return t(canRing(recipient) ? "scenarios.dry.rings" : "scenarios.dry.noRoutes");
}

/** Somebody who would be called, what would hold it back, and over which trunks. */
function RecipientCard({ recipient }: { recipient: Recipient }) {
  const { t } = useTranslation();
  const { destination, held_back: held } = recipient;
  const why = held ? reasonWhy(held, t) : null;
  const Icon = destination && !held ? IconPhone : IconPhoneOff;
  return (
    <Stack gap={4}>
      <Group gap="xs" wrap="nowrap" align="flex-start">
        <Icon size={18} aria-hidden className="fixed" />
        <Stack gap={2} miw={0}>
          <Text size="sm" fw={600} className="inert">
            {visible(recipient.display_name)} {destination && <span className="digits">{destination}</span>}
          </Text>
          <Text size="sm">{standingOf(recipient, t)}</Text>
          {why && (
            <Text size="xs" c="dimmed">
              {why}
            </Text>
          )}
          {recipient.routes.length > 0 && (
            <Group gap={6}>
              <Text size="xs" c="dimmed">
                {t("scenarios.dry.over")}
              </Text>
              {recipient.routes.map(({ pbx, trunk, standing }) => (
                <Badge
                  key={`${pbx} ${trunk}`}
                  variant="outline"
                  color={standing === "ready" ? "teal" : "gray"}
                  radius="sm"
                  size="sm"
                  tt="none"
                >
                  {pbx} / {trunk}: {t(`scenarios.dry.standing.${standing}`)}
                </Badge>
              ))}
            </Group>
          )}
        </Stack>
      </Group>
    </Stack>
  );
}

function VerdictRow({ verdict }: { verdict: RuleVerdict }) {
  const { t } = useTranslation();
  return (
    <Stack component="li" gap={4} className="rule">
      <Group gap="xs">
        <Text size="sm" fw={600}>
          {t("scenarios.rule.title", { place: verdict.index + 1 })}
        </Text>
        <VerdictMark verdict={verdict} />
      </Group>
      {verdict.conditions.map((condition, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: only shown
        <ConditionFound key={index} condition={condition} />
      ))}
    </Stack>
  );
}

function ConditionFound({ condition }: { condition: ConditionVerdict }) {
  const { t } = useTranslation();
  const Icon = condition.holds ? IconCheck : IconX;
  return (
    <Group gap={6} wrap="nowrap" align="flex-start" pl="xs">
      <Icon
        size={16}
        className="fixed"
        role="img"
        aria-label={t(condition.holds ? "scenarios.dry.holds" : "scenarios.dry.fails")}
      />
      <Text size="sm" miw={0} component="div">
        <Shown value={condition.field} /> {t(`scenarios.op.${condition.op}`)}{" "}
        {condition.value != null && <Values value={condition.value as Value} />} ·{" "}
        {condition.found == null ? (
          t("scenarios.dry.foundNothing")
        ) : (
          <>
            {t("scenarios.dry.found")} <Shown value={condition.found} />
          </>
        )}
      </Text>
    </Group>
  );
}
