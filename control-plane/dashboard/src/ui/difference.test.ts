import { expect, test } from "vitest";
import { difference } from "./difference";

test("what was made, changed and lost is told field by field", () => {
  expect(difference(null, { name: "Ops" })).toEqual([{ field: "name", before: undefined, after: "Ops" }]);
  expect(difference({ role: "member" }, { role: "admin" })).toEqual([
    { field: "role", before: "member", after: "admin" },
  ]);
  expect(difference({ name: "Ops" }, null)).toEqual([{ field: "name", before: "Ops", after: undefined }]);
});

test("what lies deeper is named by its path, and lists stay whole", () => {
  const before = { policy: { redials: 3 }, rule: [{ action: { do: "suppress" } }] };
  const after = { policy: { redials: 5 }, rule: [] };
  expect(difference(before, after)).toEqual([
    { field: "policy.redials", before: 3, after: 5 },
    { field: "rule", before: [{ action: { do: "suppress" } }], after: [] },
  ]);
});

test("what is no object tells nothing", () => {
  expect(difference(undefined, "text")).toEqual([]);
  expect(difference({ scopes: {} }, {})).toEqual([{ field: "scopes", before: {}, after: undefined }]);
});
