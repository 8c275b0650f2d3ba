import { expect, test } from "vitest";
import { type Draft, draftAt, dropDraft, keepDraft, type Shelf } from "./draft";

function shelf(): Shelf {
  const kept = new Map<string, string>();
  return {
    getItem: (name) => kept.get(name) ?? null,
    setItem: (name, value) => void kept.set(name, value),
    removeItem: (name) => void kept.delete(name),
  };
}

const place = { org: "acme", project: "1", name: "a/b" };
const draft: Draft = {
  account: "me",
  version: "x.1",
  base: [],
  rules: [{ action: { do: "suppress" } }],
  at: "2026-01-01T00:00:00Z",
};

test("a draft is found where it was kept, and nowhere else", () => {
  const on = shelf();
  expect(keepDraft(place, draft, on)).toBe(true);
  expect(draftAt(place, "me", on)).toEqual(draft);
  expect(draftAt(place, "somebody else", on)).toBeNull();
  expect(draftAt({ ...place, org: "other" }, "me", on)).toBeNull();
  expect(draftAt({ org: "acme", project: "1/a", name: "b" }, "me", on)).toBeNull();
  dropDraft(place, on);
  expect(draftAt(place, "me", on)).toBeNull();
});

test("what is no draft is none, and a full storage says so", () => {
  const on = shelf();
  for (const text of [
    "{",
    "null",
    "[]",
    '{"account":"me"}',
    '{"account":"me","version":1,"base":[],"rules":[],"at":""}',
  ]) {
    on.setItem("draft:acme/1/a%2Fb", text);
    expect(draftAt(place, "me", on), text).toBeNull();
  }
  const full = {
    ...on,
    setItem: () => {
      throw new DOMException("full", "QuotaExceededError");
    },
  };
  expect(keepDraft(place, draft, full)).toBe(false);
  expect(keepDraft(place, draft, null)).toBe(false);
});
