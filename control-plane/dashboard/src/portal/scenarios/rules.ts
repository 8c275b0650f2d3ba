/** Rules while somebody edits them, and what the API says of them before it is asked. */
import { exactly, isRounded } from "../../api/exact";
import type { Action, ActionWord, Condition, Match, Operator, Rule } from "../../api/schema";

export type Scalar = string | number | boolean;
export type Value = Scalar | Scalar[];

/** What stands in a list keeps its place in the page by a key of its own. */
export interface EditedCondition {
  key: string;
  field: string;
  op: Operator;
  value: Value | undefined;
}

export interface EditedRule {
  key: string;
  match: Match;
  when: EditedCondition[];
  action: Action;
}

export const MOST_RULES = 100;
export const MOST_CONDITIONS = 20;
const LONGEST_FIELD = 256;
const LONGEST_OPERAND = 1_000;

export const OPERATORS: Operator[] = [
  "eq",
  "ne",
  "in",
  "nin",
  "contains",
  "not_contains",
  "starts_with",
  "ends_with",
  "gt",
  "gte",
  "lt",
  "lte",
  "exists",
  "not_exists",
];

/** What is offered; schedules do not exist yet. */
export const ACTIONS: ActionWord[] = ["call_primary", "call_all", "call_project", "call_member", "suppress"];

/** What an operator compares with. */
export type Operand = "none" | "list" | "text" | "number" | "scalar";

export function operandOf(op: Operator): Operand {
  switch (op) {
    case "exists":
    case "not_exists":
      return "none";
    case "in":
    case "nin":
      return "list";
    case "contains":
    case "not_contains":
    case "starts_with":
    case "ends_with":
      return "text";
    case "gt":
    case "gte":
    case "lt":
    case "lte":
      return "number";
    case "eq":
    case "ne":
      return "scalar";
  }
}

let keys = 0;
function newKey(): string {
  keys += 1;
  return `k${keys}`;
}

export function newCondition(field = "", value?: Scalar): EditedCondition {
  return { key: newKey(), field, op: "eq", value: value ?? "" };
}

export function newRule(when: EditedCondition[] = [newCondition()]): EditedRule {
  return { key: newKey(), match: "all", when, action: { do: "call_primary" } };
}

/** Another rule that says the same. */
export function copyOf(rule: EditedRule): EditedRule {
  return { ...rule, key: newKey(), when: rule.when.map((condition) => ({ ...condition, key: newKey() })) };
}

export function edited(rules: Rule[]): EditedRule[] {
  return rules.map(({ match = "all", when = [], action }) => ({
    key: newKey(),
    match,
    when: when.map(({ field, op, value }) => ({ key: newKey(), field, op, value: value as Value | undefined })),
    action,
  }));
}

/** Rules that were read with all digits: numbers that would lose some become the texts that find the same. */
export function withDigits(rules: Rule[]): Rule[] {
  return rules.map((rule) => ({
    ...rule,
    when: (rule.when ?? []).map((condition) => {
      const inOne = (value: unknown) => (typeof value === "bigint" ? String(value) : value);
      const { value } = condition;
      return value == null
        ? condition
        : ({ ...condition, value: Array.isArray(value) ? value.map(inOne) : inOne(value) } as Condition);
    }),
  }));
}

/** Whether this is the text of a number whose digits a number here would not keep. */
export function isLong(value: unknown): value is string {
  return typeof value === "string" && isRounded(value);
}

/** Of rules what is sent: a threshold is a number, also where it is a text here so that it keeps its digits. */
export function sent(rules: Rule[]): unknown[] {
  return rules.map((rule) => ({
    ...rule,
    when: (rule.when ?? []).map((condition) =>
      operandOf(condition.op) === "number" && isLong(condition.value)
        ? { ...condition, value: BigInt(condition.value) }
        : condition,
    ),
  }));
}

/** As they are once edited. */
export function written(rules: EditedRule[]): Rule[] {
  return rules.map(({ match, when, action }) => ({
    match,
    when: when.map(({ field, op, value }): Condition => {
      const bare = { field: field.trim(), op };
      return operandOf(op) === "none" || value === undefined ? bare : ({ ...bare, value } as Condition);
    }),
    action: withoutNeedless(action),
  }));
}

function withoutNeedless(action: Action): Action {
  switch (action.do) {
    case "call_member":
      return { do: action.do, member: (action.member ?? "").trim() };
    case "call_on_schedule":
      return { do: action.do, schedule: action.schedule ?? "" };
    default:
      return { do: action.do };
  }
}

/** One text for rules that mean the same, however they were written. */
export function essence(rule: Rule): string {
  return exactly(sent(written(edited([rule]))));
}

export function sameRules(some: Rule[], others: Rule[]): boolean {
  return (
    some.length === others.length && some.every((rule, index) => essence(rule) === essence(others[index] as Rule))
  );
}

/** The number that somebody means; NaN for what is none yet, and for a text whose digits a number would not keep. */
export function numberOf(value: Value | undefined): number {
  if (typeof value === "string" && value.trim() !== "" && !isRounded(value)) {
    return finite(Number(value));
  }
  return typeof value === "number" ? finite(value) : Number.NaN;
}

/** The threshold that somebody means: a number, or its text where a number would not keep its digits. */
export function thresholdOf(value: Value | undefined): number | string {
  return isLong(value) ? value.trim() : numberOf(value);
}

const finite = (number: number) => (Number.isFinite(number) ? number : Number.NaN);

/** The value after its operator has changed: whatever of it still fits stays. */
export function fitting(op: Operator, value: Value | undefined): Value | undefined {
  const first = Array.isArray(value) ? value[0] : value;
  switch (operandOf(op)) {
    case "none":
      return undefined;
    case "list":
      return Array.isArray(value) ? value : first === undefined || first === "" ? [] : [first];
    case "text":
      return first === undefined ? "" : String(first);
    case "number": {
      const threshold = thresholdOf(first);
      return Number.isNaN(threshold) ? "" : threshold;
    }
    case "scalar":
      return first ?? "";
  }
}

/** A field of a payload, pressed: it goes into a condition that may say how it is compared already. */
export function withField(condition: EditedCondition, field: string, value: Scalar | undefined): EditedCondition {
  if (value === undefined) {
    return { ...condition, field, op: "exists", value: undefined };
  }
  if (operandOf(condition.op) === "list" && condition.field === field && Array.isArray(condition.value)) {
    const list = condition.value;
    return { ...condition, value: list.some((one) => String(one) === String(value)) ? list : [...list, value] };
  }
  const fits = fitting(condition.op, value);
  // A text has no order: it is compared as it is.
  return operandOf(condition.op) === "number" && fits === ""
    ? { ...condition, field, op: "eq", value }
    : { ...condition, field, value: fits };
}

/** What is wrong with a rule, and where. */
export type Wrong =
  | "field_empty"
  | "field_long"
  | "value_list"
  | "value_text"
  | "value_number"
  | "value_long"
  | "member";

export interface Complaint {
  rule: number;
  condition: number | null;
  wrong: Wrong;
}

const bytes = (text: string) => new TextEncoder().encode(text).length;

/** What the API would refuse. */
export function complaints(rules: EditedRule[]): Complaint[] {
  return rules.flatMap((rule, index) => {
    const found: Complaint[] = rule.when.flatMap((condition, place) => {
      const wrong = wrongWith(condition);
      return wrong ? [{ rule: index, condition: place, wrong }] : [];
    });
    if (rule.action.do === "call_member" && !rule.action.member?.trim()) {
      found.push({ rule: index, condition: null, wrong: "member" });
    }
    return found;
  });
}

function wrongWith({ field, op, value }: EditedCondition): Wrong | null {
  if (field.trim() === "") {
    return "field_empty";
  }
  if (bytes(field.trim()) > LONGEST_FIELD) {
    return "field_long";
  }
  switch (operandOf(op)) {
    case "list":
      if (!Array.isArray(value) || value.length === 0) {
        return "value_list";
      }
      break;
    case "text":
      if (typeof value !== "string" || value === "") {
        return "value_text";
      }
      break;
    case "number":
      if (!Number.isFinite(value) && !isLong(value)) {
        return "value_number";
      }
      break;
    case "scalar":
      if (value == null || Array.isArray(value)) {
        return "value_text";
      }
      if (typeof value === "number" && !Number.isFinite(value)) {
        return "value_number";
      }
      break;
    case "none":
      return null;
  }
  const texts = (Array.isArray(value) ? value : [value]).filter((one) => typeof one === "string");
  const tooLong = Array.isArray(value) && value.length > LONGEST_OPERAND;
  return tooLong || texts.some((text) => bytes(text) > LONGEST_OPERAND) ? "value_long" : null;
}

/**
 * The body of a request that writes rules, a rule a line: the line that the API names in an error is then the rule's.
 */
export function bodyOf(rules: Rule[]): string {
  return `{"rule":[\n${sent(rules).map(exactly).join(",\n")}\n]}`;
}

/** The rule that an error of the API is about; null where it names none. */
export function ruleNamedIn(detail: string, rules: Rule[]): number | null {
  const line = /^line (\d+):/.exec(detail)?.[1];
  const index = line ? Number(line) - 2 : -1;
  if (rules[index]) {
    return index;
  }
  const member = rules.findIndex(
    ({ action }) => action.member && detail.toLowerCase().startsWith(JSON.stringify(action.member).toLowerCase()),
  );
  return member >= 0 ? member : null;
}

/** The condition that somebody is at; of a rule without a chosen condition, the rule. */
export interface At {
  rule: string;
  condition: string | null;
}

/** Puts a field of a payload where somebody is: into their condition, else into an empty one, else into a new rule. */
export function placed(
  rules: EditedRule[],
  at: At | null,
  field: string,
  value: Scalar | undefined,
): { rules: EditedRule[]; at: At; index: number } {
  const isEmpty = (condition: EditedCondition) => condition.field.trim() === "";
  const here = rules.find(({ key }) => key === at?.rule) ?? rules.find(({ when }) => when.some(isEmpty));
  if (!here) {
    const rule = newRule([withField(newCondition(), field, value)]);
    return {
      rules: [...rules, rule],
      at: { rule: rule.key, condition: rule.when[0]?.key ?? null },
      index: rules.length,
    };
  }
  const target = here.when.find(({ key }) => key === at?.condition) ?? here.when.find(isEmpty);
  const filled = withField(target ?? newCondition(), field, value);
  const when = target ? here.when.map((one) => (one === target ? filled : one)) : [...here.when, filled];
  return {
    rules: rules.map((rule) => (rule === here ? { ...rule, when } : rule)),
    at: { rule: here.key, condition: filled.key },
    index: rules.indexOf(here),
  };
}

/** A rule at another place. */
export function moved<T>(list: T[], from: number, to: number): T[] {
  const item = list[from];
  if (item === undefined || to < 0 || to >= list.length) {
    return list;
  }
  const rest = list.toSpliced(from, 1);
  return rest.toSpliced(to, 0, item);
}

/** The first rule that always matches: none after it is ever reached. */
export function lastReached(rules: EditedRule[]): number {
  const always = rules.findIndex(({ when }) => when.length === 0);
  return always < 0 ? rules.length : always;
}
