import { expect, test } from "vitest";
import type { Rule } from "../../api/schema";
import { merged, pairs } from "./compare";

const rule = (field: string, value: string, action: Rule["action"] = { do: "call_primary" }): Rule => ({
  match: "all",
  when: [{ field, op: "eq", value }],
  action,
});
const [a, b, c, d] = [rule("a", "1"), rule("b", "1"), rule("c", "1"), rule("d", "1")];
const all = (pairs_: ReturnType<typeof pairs>, side: "mine" | "theirs") =>
  merged(
    pairs_,
    pairs_.map(() => side),
  );

test("whatever is chosen of one side alone is that side", () => {
  for (const [mine, theirs] of [
    [
      [a, b, c],
      [a, d, c],
    ],
    [[], [a]],
    [[a, b], []],
    [
      [b, a],
      [a, b],
    ],
    [
      [a, a, b],
      [b, a, a],
    ],
  ] as [Rule[], Rule[]][]) {
    const found = pairs([a, b], mine, theirs);
    expect(all(found, "mine")).toEqual(mine);
    expect(all(found, "theirs")).toEqual(theirs);
  }
});

test("what only one has touched is taken from whoever has touched it", () => {
  const mine = [a, rule("b", "2"), c];
  const theirs = [rule("a", "2"), b, c, d];
  const found = pairs([a, b, c], mine, theirs);
  expect(found.map(({ isSame }) => isSame)).toEqual([false, false, true, false]);
  expect(found.some(({ isDisputed }) => isDisputed)).toBe(false);
  expect(merged(found, [])).toEqual([rule("a", "2"), rule("b", "2"), c, d]);
});

test("what one has deleted stays deleted unless it is chosen", () => {
  expect(merged(pairs([a, b], [a, b], [a]), [])).toEqual([a]);
  expect(merged(pairs([a, b], [a], [a, b]), [])).toEqual([a]);
  expect(merged(pairs([a, b], [a], [a, b]), ["mine", "theirs"])).toEqual([a, b]);
});

test("a rule that both have changed is one that somebody has to choose", () => {
  const [pair] = pairs([a], [rule("a", "2")], [rule("a", "3")]);
  expect(pair).toMatchObject({ isSame: false, isDisputed: true, proposed: "mine" });
  const unknown = pairs(null, [rule("a", "2")], [rule("a", "3")]);
  expect(unknown[0]?.isDisputed).toBe(true);
});

test("what is left out and what is written out is the same", () => {
  const bare: Rule = { action: { do: "suppress" } };
  const whole: Rule = { match: "all", when: [], action: { do: "suppress" } };
  expect(pairs(null, [bare], [whole])[0]?.isSame).toBe(true);
});

test("a hundred rules against a hundred others are compared at once", () => {
  const many = (value: string) => Array.from({ length: 100 }, (_, index) => rule(`f${index}`, value));
  expect(pairs(many("0"), many("1"), many("2"))).toHaveLength(100);
});
