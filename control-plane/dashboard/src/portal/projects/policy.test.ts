import { expect, test } from "vitest";
import { gathered } from "./gathered";
import { DEFAULT_POLICY, triesThatFit } from "./policy";

test("tries that do not fit into the lifetime are counted", () => {
  expect(triesThatFit(DEFAULT_POLICY)).toBeNull();
  expect(triesThatFit({ ...DEFAULT_POLICY, lifetime_minutes: 2 })).toBe(2);
  expect(triesThatFit({ ...DEFAULT_POLICY, ring_seconds: 120, lifetime_minutes: 1 })).toBe(1);
  expect(triesThatFit({ ...DEFAULT_POLICY, redials: 1, lifetime_minutes: 2 })).toBeNull();
});

test("pages are read one after another until there are enough", async () => {
  const asked: (string | undefined)[] = [];
  const page = async (after: string | undefined) => {
    asked.push(after);
    return { items: [1, 2], next: asked.length < 3 ? `p${asked.length}` : null };
  };
  expect(await gathered(page, 100)).toEqual([1, 2, 1, 2, 1, 2]);
  expect(asked).toEqual([undefined, "p1", "p2"]);
  asked.length = 0;
  expect(await gathered(page, 3)).toHaveLength(4);
});
