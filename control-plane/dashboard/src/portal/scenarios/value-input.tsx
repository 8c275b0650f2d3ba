import { Autocomplete, Group, Select } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { NumberInput } from "../../ui/rare/number-input";
import { TagsInput } from "../../ui/rare/tags-input";
import { type EditedCondition, isLong, numberOf, operandOf, type Scalar, thresholdOf, type Value } from "./rules";

interface Given {
  condition: EditedCondition;
  change: (value: Value) => void;
  /** Values that the payload holds there. */
  seen: Scalar[];
  title: string;
  error: string | undefined;
}

/** What a field is compared with, as its operator takes it. */
export function ValueInput({ condition, change, seen, title, error }: Given) {
  const { t } = useTranslation();
  const label = `${t("scenarios.condition.value")} · ${title}`;
  const texts = [...new Set(seen.map(String))].slice(0, 50);
  switch (operandOf(condition.op)) {
    case "none":
      return null;
    case "list": {
      const list = Array.isArray(condition.value) ? condition.value : [];
      return (
        <TagsInput
          aria-label={label}
          placeholder={list.length === 0 ? t("scenarios.condition.list") : ""}
          data={texts}
          value={[...new Set(list.map(String))]}
          onChange={(tags) => change(tags.map((tag) => like(tag, [...list, ...seen])))}
          error={error}
          flex="2 1 180px"
          miw={0}
          maxTags={1000}
        />
      );
    }
    case "number":
      return (
        <NumberField
          label={label}
          value={condition.value}
          read={thresholdOf}
          change={change}
          error={error}
          flex="2 1 120px"
        />
      );
    case "text":
      return (
        <Autocomplete
          aria-label={label}
          placeholder={t("scenarios.condition.value")}
          data={texts}
          value={String(condition.value ?? "")}
          onChange={change}
          error={error}
          flex="2 1 150px"
          miw={0}
        />
      );
    case "scalar":
      return (
        <ScalarInput value={condition.value as Scalar} change={change} texts={texts} label={label} error={error} />
      );
  }
}

/** The value that a text stands for: what was a number or a boolean stays one. */
function like(text: string, known: Scalar[]): Scalar {
  return known.find((value) => typeof value !== "string" && String(value) === text) ?? text;
}

type Kind = "text" | "number" | "boolean";

function kindOf(value: Scalar | undefined): Kind {
  return typeof value === "number" ? "number" : typeof value === "boolean" ? "boolean" : "text";
}

function asKind(kind: Kind, value: Scalar | undefined): Scalar {
  switch (kind) {
    case "number":
      return numberOf(value);
    case "boolean":
      return String(value).toLowerCase() !== "false";
    case "text":
      return Number.isNaN(value) ? "" : String(value ?? "");
  }
}

/** A number, as it is typed: what is none yet, such as a sign, stays in the field and is NaN to the rule. */
function NumberField({
  label,
  value,
  read,
  change,
  error,
  flex,
}: {
  label: string;
  value: Value | undefined;
  read: typeof thresholdOf;
  change: (value: number | string) => void;
  error: string | undefined;
  flex: string | number;
}) {
  const [typed, setTyped] = useState<string | number | null>(null);
  const known = isLong(value) || (typeof value === "number" && !Number.isNaN(value)) ? value : "";
  return (
    <NumberInput
      aria-label={label}
      value={typed !== null && Object.is(read(typed), value) ? typed : known}
      onChange={(next) => {
        setTyped(next);
        change(read(next));
      }}
      // Leaving the field, or a step, would read the text of a long number as a number, which rounds it.
      clampBehavior="none"
      trimLeadingZeroesOnBlur={false}
      hideControls={isLong(known)}
      withKeyboardEvents={!isLong(known)}
      error={error}
      flex={flex}
      miw={0}
    />
  );
}

function ScalarInput({
  value,
  change,
  texts,
  label,
  error,
}: {
  value: Scalar | undefined;
  change: (value: Scalar) => void;
  texts: string[];
  label: string;
  error: string | undefined;
}) {
  const { t } = useTranslation();
  const kind = kindOf(value);
  return (
    <Group gap="xs" wrap="nowrap" flex="2 1 220px" miw={0} align="flex-start">
      {kind === "text" ? (
        <Autocomplete
          aria-label={label}
          placeholder={t("scenarios.condition.value")}
          data={texts}
          value={String(value ?? "")}
          onChange={change}
          error={error}
          flex={1}
          miw={0}
        />
      ) : kind === "number" ? (
        <NumberField label={label} value={value} read={numberOf} change={change} error={error} flex={1} />
      ) : (
        <Select
          aria-label={label}
          data={(["true", "false"] as const).map((word) => ({
            value: word,
            label: t(`scenarios.condition.${word}`),
          }))}
          value={String(value)}
          onChange={(word) => change(word === "true")}
          allowDeselect={false}
          flex={1}
          miw={0}
        />
      )}
      <Select
        aria-label={`${t("scenarios.condition.kind")} · ${label}`}
        data={(["text", "number", "boolean"] as const).map((one) => ({
          value: one,
          label: t(`scenarios.condition.${one}`),
        }))}
        value={kind}
        onChange={(chosen) => change(asKind((chosen ?? "text") as Kind, value))}
        allowDeselect={false}
        w={104}
        flex="0 0 auto"
      />
    </Group>
  );
}
