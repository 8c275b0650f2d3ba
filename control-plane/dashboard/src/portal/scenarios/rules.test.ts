import { expect, test } from "vitest";
import { exact } from "../../api/exact";
import type { Rule } from "../../api/schema";
import {
  bodyOf,
  complaints,
  edited,
  fitting,
  lastReached,
  moved,
  newCondition,
  newRule,
  numberOf,
  placed,
  ruleNamedIn,
  sameRules,
  thresholdOf,
  withDigits,
  withField,
  written,
} from "./rules";

const rules: Rule[] = [
  { match: "any", when: [{ field: "severity", op: "in", value: ["critical", 5] }], action: { do: "call_all" } },
  {
    match: "all",
    when: [{ field: "labels.x", op: "exists" }],
    action: { do: "call_member", member: "a@example.com" },
  },
  { match: "all", when: [], action: { do: "call_on_schedule", schedule: "night" } },
];

test("rules that are read and written again are the same", () => {
  expect(written(edited(rules))).toEqual(rules);
  expect(complaints(edited(rules))).toEqual([]);
});

test("what an operator or action has no use for is left out", () => {
  const [rule] = edited([rules[0] as Rule]);
  const odd = { ...rule, action: { do: "suppress", member: "a@example.com" } } as typeof rule & object;
  odd.when = [{ key: "1", field: " a ", op: "not_exists", value: "x" }];
  expect(written([odd])).toEqual([
    { match: "any", when: [{ field: "a", op: "not_exists" }], action: { do: "suppress" } },
  ]);
});

test("what the API would refuse is said before", () => {
  const wrong = (given: Partial<ReturnType<typeof newCondition>>) =>
    complaints([newRule([{ ...newCondition("a", "b"), ...given }])])[0]?.wrong;
  expect(wrong({})).toBeUndefined();
  expect(wrong({ field: " " })).toBe("field_empty");
  expect(wrong({ field: "ї".repeat(129) })).toBe("field_long");
  expect(wrong({ op: "in", value: [] })).toBe("value_list");
  expect(wrong({ op: "contains", value: "" })).toBe("value_text");
  expect(wrong({ op: "gt", value: "5" })).toBe("value_number");
  expect(wrong({ op: "gt", value: Number.NaN })).toBe("value_number");
  expect(wrong({ op: "gt", value: "9007199254740993" })).toBeUndefined();
  expect(wrong({ op: "eq", value: Number.NaN })).toBe("value_number");
  expect(wrong({ op: "eq", value: null as never })).toBe("value_text");
  expect(wrong({ op: "eq", value: "" })).toBeUndefined();
  expect(wrong({ value: "x".repeat(1_001) })).toBe("value_long");
  expect(complaints([{ ...newRule([]), action: { do: "call_member", member: " " } }])).toEqual([
    { rule: 0, condition: null, wrong: "member" },
  ]);
});

test("what fits another operator stays", () => {
  expect(fitting("in", "x")).toEqual(["x"]);
  expect(fitting("in", "")).toEqual([]);
  expect(fitting("eq", ["x", "y"])).toBe("x");
  expect(fitting("gt", "97.5")).toBe(97.5);
  expect(fitting("gt", "full")).toBe("");
  expect(fitting("contains", 5)).toBe("5");
  expect(fitting("exists", "x")).toBeUndefined();
});

test("a number is one once it is typed to its end", () => {
  for (const [typed, number] of [
    ["-5", -5],
    ["-", Number.NaN],
    ["", Number.NaN],
    ["1.50", 1.5],
    ["0", 0],
    [7, 7],
    [Number.POSITIVE_INFINITY, Number.NaN],
    ["1e999", Number.NaN],
    ["1234567890123456789", Number.NaN],
    [true, Number.NaN],
  ] as const) {
    expect(numberOf(typed), String(typed)).toBe(number);
  }
});

test("digits that a number would lose stay, whatever a threshold is compared by", () => {
  const long = "1234567890123456789";
  expect(withField({ ...newCondition(), op: "gt", value: 5 }, "id", long)).toMatchObject({ op: "gt", value: long });
  expect(fitting("gte", fitting("in", fitting("gt", ` ${long}`)))).toBe(long);
  expect([thresholdOf(long), thresholdOf("5"), thresholdOf("five")]).toEqual([long, 5, Number.NaN]);
});

test("a rule that somebody wrote with a long number keeps its digits", () => {
  const read = (op: string, value: unknown) =>
    withDigits([{ match: "all", when: [{ field: "id", op, value }], action: { do: "call_all" } } as never])[0]?.when;
  expect(read("eq", 9007199254740993n)).toEqual([{ field: "id", op: "eq", value: "9007199254740993" }]);
  expect(read("in", [1, 9007199254740993n])).toEqual([{ field: "id", op: "in", value: [1, "9007199254740993"] }]);
  expect(read("gt", 9007199254740993n)).toEqual([{ field: "id", op: "gt", value: "9007199254740993" }]);
  expect(withDigits(rules)).toEqual(rules);
});

test("a long threshold is a number again when it is saved, to its last digit", () => {
  for (const digits of ["9007199254740993", "-9223372036854775808", "18446744073709551615"]) {
    const body = `{"rule":[\n{"match":"all","when":[{"field":"id","op":"gt","value":${digits}}],"action":{"do":"suppress"}}\n]}`;
    const read = withDigits((exact(body) as { rule: Rule[] }).rule);
    expect(complaints(edited(read))).toEqual([]);
    expect(bodyOf(written(edited(read)))).toBe(body);
  }
});

test("a long threshold is the same however it was read", () => {
  const of = (value: unknown) => [{ when: [{ field: "id", op: "lt", value }], action: { do: "suppress" } } as never];
  expect(sameRules(of("10000000000000000000"), of(1e19))).toBe(true);
  expect(sameRules(of("9007199254740993"), of("9007199254740992"))).toBe(false);
});

test("a field that is pressed fills the condition, and a list grows", () => {
  const empty = newCondition();
  expect(withField(empty, "labels.x", 1)).toMatchObject({ field: "labels.x", op: "eq", value: 1 });
  expect(withField(empty, "labels", undefined)).toMatchObject({ op: "exists", value: undefined });
  const list = { ...empty, field: "a", op: "in" as const, value: ["x"] };
  expect(withField(list, "a", "y").value).toEqual(["x", "y"]);
  expect(withField(list, "a", "x").value).toEqual(["x"]);
  const number = { ...empty, op: "gt" as const, value: 5 };
  expect(withField(number, "a", "7")).toMatchObject({ op: "gt", value: 7 });
  expect(withField(number, "a", "minor")).toMatchObject({ op: "eq", value: "minor" });
  expect(withField(list, "b", "y")).toMatchObject({ field: "b", value: ["y"] });
});

test("an error of the API finds its rule", () => {
  expect(JSON.parse(bodyOf(rules))).toEqual({ rule: rules });
  expect(bodyOf(rules).split("\n")[2]).toContain("labels.x");
  expect(ruleNamedIn("line 3: `call_member` needs `member` at line 3 column 20", rules)).toBe(1);
  expect(ruleNamedIn('"a@example.com" is no member of the organization: invite them first', rules)).toBe(1);
  expect(ruleNamedIn("line 1: unknown field", rules)).toBeNull();
  expect(ruleNamedIn("line 9: what", rules)).toBeNull();
});

test("a pressed field goes where somebody is, else where it is missing, else into a new rule", () => {
  const [first, second] = [newRule([newCondition("a", 1)]), newRule([newCondition("b", 1), newCondition()])];
  const said = (placed_: ReturnType<typeof placed>) =>
    placed_.rules.map(({ when }) => when.map(({ field }) => field));
  const at = { rule: first.key, condition: first.when[0]?.key ?? null };
  expect(said(placed([first, second], at, "x", 2))).toEqual([["x"], ["b", ""]]);
  expect(said(placed([first, second], { ...at, condition: null }, "x", 2))).toEqual([
    ["a", "x"],
    ["b", ""],
  ]);
  expect(said(placed([first, second], null, "x", 2))).toEqual([["a"], ["b", "x"]]);
  const made = placed([first], { rule: "gone", condition: null }, "x", undefined);
  expect(said(made)).toEqual([["a"], ["x"]]);
  expect(made.index).toBe(1);
  expect(made.at).toEqual({ rule: made.rules[1]?.key, condition: made.rules[1]?.when[0]?.key });
  expect(complaints(made.rules)).toEqual([]);
});

test("a rule moves, and stays where there is no such place", () => {
  expect(moved(["a", "b", "c"], 0, 2)).toEqual(["b", "c", "a"]);
  expect(moved(["a", "b", "c"], 2, 0)).toEqual(["c", "a", "b"]);
  expect(moved(["a", "b"], 0, 2)).toEqual(["a", "b"]);
  expect(moved(["a", "b"], 0, -1)).toEqual(["a", "b"]);
});

test("behind a rule without conditions nothing is reached", () => {
  expect(lastReached([newRule(), newRule([]), newRule()])).toBe(1);
  expect(lastReached([newRule()])).toBe(1);
});
