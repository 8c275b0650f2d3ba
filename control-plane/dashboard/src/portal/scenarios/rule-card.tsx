import { useSortable } from "@dnd-kit/sortable";
import { ActionIcon, Badge, Button, Group, Paper, SegmentedControl, Stack, Text } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconCopy, IconGripVertical, IconPlus, IconTrash } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Match, RuleVerdict } from "../../api/schema";
import { wordsOf } from "../../ui/failure";
import { ActionFields } from "./action-fields";
import { ConditionRow } from "./condition-row";
import { type Complaint, type EditedRule, MOST_CONDITIONS, newCondition } from "./rules";
import { VerdictMark } from "./verdict";

export interface RuleDeeds {
  change: (rule: EditedRule) => void;
  move: (to: number) => void;
  copy: () => void;
  remove: () => void;
  at: (condition: string | null) => void;
}

/** One rule: when it holds, and what it does. */
export function RuleCard({
  org,
  rule,
  index,
  count,
  complaints,
  refusal,
  shadowedBy,
  verdict,
  view,
  paths,
  newKey,
  deeds,
}: {
  org: string;
  rule: EditedRule;
  index: number;
  count: number;
  complaints: Complaint[];
  refusal: unknown;
  shadowedBy: number | null;
  verdict: RuleVerdict | undefined;
  view: unknown;
  paths: string[];
  newKey: string | null;
  deeds: RuleDeeds;
}) {
  const { t } = useTranslation();
  const place = index + 1;
  const title = t("scenarios.rule.title", { place });
  const { setNodeRef, setActivatorNodeRef, attributes, listeners, transform, transition, isDragging } = useSortable({
    id: rule.key,
  });
  const wrongAt = (condition: number | null) => complaints.find((one) => one.condition === condition)?.wrong;
  const memberWrong = wrongAt(null);
  return (
    <Paper
      component="li"
      withBorder
      p="sm"
      className="rule"
      ref={setNodeRef}
      style={{ transform: transform ? `translate3d(0, ${transform.y}px, 0)` : "", transition: transition ?? "" }}
      data-lifted={isDragging || undefined}
      aria-label={title}
      onFocus={() => deeds.at(null)}
    >
      <Stack gap="sm">
        <Group justify="space-between" gap="xs" wrap="nowrap">
          <Group gap="xs" miw={0}>
            <ActionIcon
              variant="subtle"
              color="gray"
              size="lg"
              className="rule-handle"
              ref={setActivatorNodeRef}
              {...attributes}
              {...listeners}
              aria-label={t("scenarios.rule.drag", { place })}
            >
              <IconGripVertical size={18} aria-hidden />
            </ActionIcon>
            <Text fw={700}>{title}</Text>
            {verdict && <VerdictMark verdict={verdict} />}
          </Group>
          <RuleButtons place={place} count={count} deeds={deeds} />
        </Group>
        {shadowedBy !== null && (
          <Badge color="orange.9" tt="none" radius="sm" styles={{ label: { whiteSpace: "normal" } }} h="auto" py={2}>
            {t("scenarios.rule.shadowed", { place: shadowedBy + 1 })}
          </Badge>
        )}
        {refusal !== undefined && (
          <Text size="sm" c="red" role="alert">
            {wordsOf(refusal)}
          </Text>
        )}
        <Conditions
          rule={rule}
          place={place}
          wrongAt={wrongAt}
          view={view}
          paths={paths}
          newKey={newKey}
          change={deeds.change}
          at={deeds.at}
        />
        <Stack gap={4}>
          <Text size="sm" fw={600}>
            {t("scenarios.rule.does")}
          </Text>
          <ActionFields
            org={org}
            action={rule.action}
            title={title}
            change={(action) => deeds.change({ ...rule, action })}
            error={memberWrong && t(`scenarios.wrong.${memberWrong}`)}
          />
        </Stack>
      </Stack>
    </Paper>
  );
}

function RuleButtons({ place, count, deeds }: { place: number; count: number; deeds: RuleDeeds }) {
  const { t } = useTranslation();
  return (
    <Group gap={2} wrap="nowrap">
      <ActionIcon
        variant="subtle"
        color="gray"
        size="lg"
        disabled={place === 1}
        onClick={() => deeds.move(place - 2)}
        aria-label={t("scenarios.rule.up", { place })}
      >
        <IconArrowUp size={18} aria-hidden />
      </ActionIcon>
      <ActionIcon
        variant="subtle"
        color="gray"
        size="lg"
        disabled={place === count}
        onClick={() => deeds.move(place)}
        aria-label={t("scenarios.rule.down", { place })}
      >
        <IconArrowDown size={18} aria-hidden />
      </ActionIcon>
      <ActionIcon
        variant="subtle"
        color="gray"
        size="lg"
        onClick={deeds.copy}
        aria-label={t("scenarios.rule.copy", { place })}
      >
        <IconCopy size={18} aria-hidden />
      </ActionIcon>
      <ActionIcon
        variant="subtle"
        color="red"
        size="lg"
        onClick={deeds.remove}
        aria-label={t("scenarios.rule.remove", { place })}
      >
        <IconTrash size={18} aria-hidden />
      </ActionIcon>
    </Group>
  );
}

function Conditions({
  rule,
  place,
  wrongAt,
  view,
  paths,
  newKey,
  change,
  at,
}: {
  rule: EditedRule;
  place: number;
  wrongAt: (condition: number) => Complaint["wrong"] | undefined;
  view: unknown;
  paths: string[];
  newKey: string | null;
  change: (rule: EditedRule) => void;
  at: (condition: string | null) => void;
}) {
  const { t } = useTranslation();
  const add = () => {
    const condition = newCondition();
    change({ ...rule, when: [...rule.when, condition] });
    at(condition.key);
  };
  return (
    <Stack gap="xs">
      <Group gap="xs">
        <Text size="sm" fw={600}>
          {rule.when.length === 0 ? t("scenarios.rule.always") : t("scenarios.rule.when")}
        </Text>
        {rule.when.length > 1 && (
          <SegmentedControl
            size="xs"
            aria-label={t("scenarios.rule.match")}
            value={rule.match}
            onChange={(match) => change({ ...rule, match: match as Match })}
            data={(["all", "any"] as const).map((value) => ({ value, label: t(`scenarios.rule.${value}`) }))}
          />
        )}
      </Group>
      {rule.when.map((condition, index) => (
        <ConditionRow
          key={condition.key}
          condition={condition}
          place={index}
          title={t("scenarios.condition.title", { place: index + 1, rule: place })}
          wrong={wrongAt(index)}
          view={view}
          paths={paths}
          isNew={condition.key === newKey}
          focused={() => at(condition.key)}
          change={(next) => change({ ...rule, when: rule.when.map((one) => (one === condition ? next : one)) })}
          remove={() => change({ ...rule, when: rule.when.filter((one) => one !== condition) })}
        />
      ))}
      {rule.when.length < MOST_CONDITIONS && (
        <Group>
          <Button variant="subtle" size="xs" leftSection={<IconPlus size={14} aria-hidden />} onClick={add}>
            {t("scenarios.rule.add")}
          </Button>
        </Group>
      )}
    </Stack>
  );
}
