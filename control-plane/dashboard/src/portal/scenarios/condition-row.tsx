import { ActionIcon, Autocomplete, Group, Select, Stack } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Operator } from "../../api/schema";
import { valuesAt } from "./fields";
import { type EditedCondition, fitting, OPERATORS, type Wrong } from "./rules";
import { ValueInput } from "./value-input";

/** A field, how it is compared, and with what. */
export function ConditionRow({
  condition,
  title,
  place,
  wrong,
  view,
  paths,
  change,
  remove,
  isNew,
  focused,
}: {
  condition: EditedCondition;
  title: string;
  place: number;
  wrong: Wrong | undefined;
  view: unknown;
  paths: string[];
  change: (condition: EditedCondition) => void;
  remove: () => void;
  isNew: boolean;
  focused: () => void;
}) {
  const { t } = useTranslation();
  const error = wrong && t(`scenarios.wrong.${wrong}`);
  const isField = wrong?.startsWith("field");
  return (
    <Stack
      component="fieldset"
      className="condition"
      gap={0}
      aria-label={title}
      onFocus={(event) => {
        // Its rule hears of it next, and would take the place away from it.
        event.stopPropagation();
        focused();
      }}
    >
      <Group gap="xs" align="flex-start">
        <Autocomplete
          aria-label={`${t("scenarios.condition.field")} · ${title}`}
          placeholder={t("scenarios.condition.fieldHint")}
          data={paths}
          limit={30}
          value={condition.field}
          onChange={(field) => change({ ...condition, field })}
          error={isField ? error : undefined}
          flex="2 1 170px"
          miw={0}
          autoCapitalize="none"
          spellCheck={false}
          autoFocus={isNew}
        />
        <Select
          aria-label={`${t("scenarios.condition.op")} · ${title}`}
          data={OPERATORS.map((op) => ({ value: op, label: t(`scenarios.op.${op}`) }))}
          value={condition.op}
          onChange={(op) =>
            op && change({ ...condition, op: op as Operator, value: fitting(op as Operator, condition.value) })
          }
          allowDeselect={false}
          flex="1 1 130px"
          miw={130}
          maxDropdownHeight={320}
        />
        <ValueInput
          condition={condition}
          change={(value) => change({ ...condition, value })}
          seen={condition.field ? valuesAt(view, condition.field.trim()) : []}
          title={title}
          error={isField ? undefined : error}
        />
        <ActionIcon
          variant="subtle"
          color="gray"
          size="lg"
          onClick={remove}
          aria-label={t("scenarios.condition.remove", { place: place + 1 })}
        >
          <IconX size={18} aria-hidden />
        </ActionIcon>
      </Group>
    </Stack>
  );
}
