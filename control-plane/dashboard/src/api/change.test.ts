import { expect, test } from "vitest";
import { type Change, shows } from "./change";

const ALERT = "a1";
/** What pages read, by the keys that they read it under. */
const READ: Record<string, { key: unknown[]; data?: unknown }> = {
  "the alerts": { key: ["alerts", "acme", { state: "open" }] },
  "the alert": { key: ["alert", "acme", ALERT] },
  "another alert": { key: ["alert", "acme", "a2"] },
  "the calls": { key: ["calls", "acme", { after: undefined }] },
  "calls of the alert": { key: ["calls", "acme", { alert: ALERT }] },
  "calls of another": { key: ["calls", "acme", { alert: "a2" }] },
  "the call": { key: ["call", "acme", "c1"], data: { alert_id: ALERT } },
  "another call": { key: ["call", "acme", "c2"], data: { alert_id: "a2" } },
  "requests of an endpoint": { key: ["requests", "acme", "e1", "", 25] },
  "requests of the alert": { key: ["requests", "acme", { alert: ALERT }] },
  "requests of another": { key: ["requests", "acme", { alert: "a2" }] },
  "the request": { key: ["request", "acme", "r1"] },
  "another request": { key: ["request", "acme", "r2"] },
  "the figures": { key: ["figures", "acme", { days: 7 }] },
  "the endpoints": { key: ["endpoints", "acme", "p1"] },
  "the people": { key: ["members", "acme", "names"] },
};

const old = (change: Change | null) =>
  Object.keys(READ).filter((name) => shows(READ[name]?.key ?? [], READ[name]?.data, change));

test("an alert is read again where it is listed, where it is told, and where its calls are", () => {
  expect(old({ kind: "alert", id: ALERT, project_id: "p1" })).toEqual([
    "the alerts",
    "the alert",
    "the calls",
    "calls of the alert",
    "the call",
  ]);
});

test("a call is read again among its alert's and all, and in the figures", () => {
  expect(old({ kind: "call", id: "c1", project_id: "p1", alert_id: ALERT })).toEqual([
    "the alert",
    "the calls",
    "calls of the alert",
    "the call",
    "the figures",
  ]);
});

test("a request is read again among what arrived", () => {
  expect(old({ kind: "request", id: "r1", project_id: "p1", alert_id: ALERT })).toEqual([
    "requests of an endpoint",
    "requests of the alert",
    "the request",
  ]);
  expect(old({ kind: "request", id: "r1", project_id: "p1" })).toEqual(["requests of an endpoint", "the request"]);
});

test("where changes were missed, or are of a kind that is not known yet, all that lives is read again", () => {
  const all = Object.keys(READ).filter((name) => !["the endpoints", "the people"].includes(name));
  expect(old(null)).toEqual(all);
  expect(old({ kind: "weather", id: "w1", project_id: "p1" } as unknown as Change)).toEqual(all);
});
