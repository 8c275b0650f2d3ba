import { expect, test } from "vitest";
import type { AlertView } from "../../api/schema";
import { steady } from "./steady";

const alert = (id: string, state: AlertView["state"] = "open"): AlertView => ({
  id,
  state,
  message: id,
  opened_at: "2026-01-01T00:00:00Z",
  updated_at: "2026-01-01T00:00:00Z",
  project: "shop",
  project_id: "p1",
  requests: 1,
  severity: "major",
});

test("what came meanwhile waits, and nothing that stands there moves", () => {
  const stood = [alert("b"), alert("a")];
  const { alerts, waiting } = steady(stood, [alert("d"), alert("c"), alert("b"), alert("a")], []);
  expect(alerts.map(({ id }) => id)).toEqual(["b", "a"]);
  expect(waiting).toBe(2);
});

test("what stands there is shown as it is by now, also where it has left the list", () => {
  const stood = [alert("b"), alert("a"), alert("z")];
  const { alerts, waiting } = steady(stood, [alert("b", "acknowledged")], [alert("b"), alert("a", "closed")]);
  expect(alerts.map(({ id, state }) => [id, state])).toEqual([
    ["b", "acknowledged"],
    ["a", "closed"],
    ["z", "open"],
  ]);
  expect(waiting).toBe(0);
});
