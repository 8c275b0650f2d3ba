/** Rules in words. */
import { Code, Stack, Text } from "@mantine/core";
import type { TFunction } from "i18next";
import { useTranslation } from "react-i18next";
import type { Action, Rule } from "../../api/schema";
import { visible } from "../../ui/visible";
import type { Value } from "./rules";

export function actionWords(action: Action, t: TFunction): string {
  if (action.do === "call_member") {
    return t("scenarios.action.callOne", { member: action.member ?? "" });
  }
  return t(`scenarios.action.${action.do}`, { schedule: action.schedule ?? "" });
}

const DONE = ["call_primary", "call_all", "call_project", "call_member", "suppress", "resolve", "group"] as const;

/** What was decided of a request; a word that is newer than this page is shown as it is. */
export function doneWords(action: string, t: TFunction): string {
  const known = DONE.find((word) => word === action);
  return known ? t(`scenarios.action.${known}`) : action;
}

/** A value as it stands in a rule or a payload: text, and nothing that it could do. */
export function Shown({ value }: { value: unknown }) {
  const digits = (_: string, inner: unknown) => (typeof inner === "bigint" ? String(inner) : inner);
  const isText = typeof value === "string" || typeof value === "bigint";
  const text = isText ? String(value) : (JSON.stringify(value, digits) ?? "");
  return <Code className="inert">{text === "" ? '""' : visible(text)}</Code>;
}

export function Values({ value }: { value: Value }) {
  return Array.isArray(value) ? (
    value.map((one, index) => (
      // biome-ignore lint/suspicious/noArrayIndexKey: only shown
      <span key={index}>
        {index > 0 && " "}
        <Shown value={one} />
      </span>
    ))
  ) : (
    <Shown value={value} />
  );
}

export function RuleWords({ rule }: { rule: Rule }) {
  const { t } = useTranslation();
  const when = rule.when ?? [];
  return (
    <Stack gap={4}>
      {when.length === 0 ? (
        <Text size="sm">{t("scenarios.rule.always")}</Text>
      ) : (
        <>
          <Text size="sm">
            {t("scenarios.rule.when")} {when.length > 1 && t(`scenarios.rule.${rule.match ?? "all"}`)}
          </Text>
          {when.map((condition, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: only shown
            <Text size="sm" key={index} pl="sm">
              <Code className="inert">{visible(condition.field)}</Code> {t(`scenarios.op.${condition.op}`)}{" "}
              {condition.value !== undefined && <Values value={condition.value as Value} />}
            </Text>
          ))}
        </>
      )}
      <Text size="sm" fw={600} className="inert">
        {t("scenarios.rule.does")}: {actionWords(rule.action, t)}
      </Text>
    </Stack>
  );
}
