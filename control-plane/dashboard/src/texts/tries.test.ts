import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { abuse } from "./en/admin/abuse";

test("everything that may be tried only so often is told to operators", () => {
  const limits = readFileSync(new URL("../../../src/accounts/tries.rs", import.meta.url), "utf8");
  const there = [...limits.matchAll(/^pub const \w+: Limit\b[^"]*"([^"]+)"/gm)].map((match) => match[1] ?? "");
  expect(there.length).toBeGreaterThan(20);
  expect(Object.keys(abuse.tried).sort()).toEqual(there.sort());
});
