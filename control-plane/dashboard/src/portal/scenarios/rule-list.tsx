import {
  type Announcements,
  closestCenter,
  DndContext,
  type DragEndEvent,
  KeyboardSensor,
  PointerSensor,
  useSensor,
  useSensors,
} from "@dnd-kit/core";
import { SortableContext, sortableKeyboardCoordinates, verticalListSortingStrategy } from "@dnd-kit/sortable";
import { Button, Group, Paper, Stack, Text } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { DryRun } from "../../api/schema";
import { RuleCard } from "./rule-card";
import { type Complaint, copyOf, lastReached, MOST_RULES, moved, newRule } from "./rules";
import type { Edits } from "./use-edits";

/** The rules in their order, moved with the pointer, with keys, or with buttons. */
export function RuleList({
  org,
  edits,
  complaints,
  dry,
  view,
  paths,
  say,
}: {
  org: string;
  edits: Edits;
  complaints: Complaint[];
  dry: DryRun | null;
  view: unknown;
  paths: string[];
  say: (words: string) => void;
}) {
  const { t } = useTranslation();
  const { rules, edit, setAt } = edits;
  const [newKey, setNewKey] = useState<string | null>(null);
  const sensors = useSensors(
    useSensor(PointerSensor, { activationConstraint: { distance: 4 } }),
    useSensor(KeyboardSensor, { coordinateGetter: sortableKeyboardCoordinates }),
  );
  const indexOf = (key: string | number) => rules.findIndex((rule) => rule.key === key);
  const shadow = lastReached(rules);
  const move = (from: number, to: number) => {
    edit((before) => moved(before, from, to));
    say(t("scenarios.rule.moved", { from: from + 1, to: to + 1 }));
  };
  const dropped = ({ active, over }: DragEndEvent) => {
    if (over && active.id !== over.id) {
      edit((before) => moved(before, indexOf(active.id), indexOf(over.id)));
    }
  };
  const announcements: Announcements = {
    onDragStart: ({ active }) => t("scenarios.drag.start", { place: indexOf(active.id) + 1 }),
    onDragOver: ({ over }) =>
      over ? t("scenarios.drag.over", { place: indexOf(over.id) + 1, count: rules.length }) : undefined,
    onDragEnd: ({ active, over }) =>
      t("scenarios.drag.end", { place: indexOf(over?.id ?? active.id) + 1, count: rules.length }),
    onDragCancel: ({ active }) => t("scenarios.drag.cancel", { place: indexOf(active.id) + 1 }),
  };
  const add = () => {
    const rule = newRule();
    edit((before) => [...before, rule]);
    setNewKey(rule.when[0]?.key ?? null);
    setAt({ rule: rule.key, condition: rule.when[0]?.key ?? null });
  };
  return (
    <Stack gap="sm">
      {rules.length === 0 && <Text size="sm">{t("scenarios.none")}</Text>}
      <DndContext
        sensors={sensors}
        collisionDetection={closestCenter}
        onDragEnd={dropped}
        accessibility={{
          announcements,
          screenReaderInstructions: { draggable: t("scenarios.drag.instructions") },
        }}
      >
        <SortableContext items={rules.map(({ key }) => key)} strategy={verticalListSortingStrategy}>
          <Stack component="ol" gap="sm" p={0} m={0}>
            {rules.map((rule, index) => (
              <RuleCard
                key={rule.key}
                org={org}
                rule={rule}
                index={index}
                count={rules.length}
                complaints={complaints.filter((one) => one.rule === index)}
                refusal={edits.refusal?.rule === index ? edits.refusal.error : undefined}
                shadowedBy={index > shadow ? shadow : null}
                verdict={dry?.verdicts.find((verdict) => verdict.index === index)}
                view={view}
                paths={paths}
                newKey={newKey}
                deeds={{
                  change: (next) => edit((before) => before.map((one) => (one.key === rule.key ? next : one))),
                  move: (to) => move(index, to),
                  copy: () => edit((before) => before.toSpliced(index + 1, 0, copyOf(rule))),
                  remove: () => {
                    edit((before) => before.filter((one) => one.key !== rule.key));
                    say(t("scenarios.rule.removed", { place: index + 1 }));
                  },
                  at: (condition) => {
                    setAt({ rule: rule.key, condition });
                    setNewKey(condition);
                  },
                }}
              />
            ))}
          </Stack>
        </SortableContext>
      </DndContext>
      <Paper withBorder p="sm" bg="transparent">
        <Text size="sm">
          {t("scenarios.otherwise")}: <b>{t("scenarios.action.call_primary")}</b>
        </Text>
      </Paper>
      <Group>
        <Button
          variant="default"
          leftSection={<IconPlus size={18} aria-hidden />}
          onClick={add}
          disabled={rules.length >= MOST_RULES}
        >
          {t("scenarios.add")}
        </Button>
        {rules.length >= MOST_RULES && (
          <Text size="sm" c="dimmed">
            {t("scenarios.most", { count: MOST_RULES })}
          </Text>
        )}
      </Group>
    </Stack>
  );
}
