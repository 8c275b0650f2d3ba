import { expect, test } from "vitest";
import { type Field, fieldsOf, valuesAt, withText } from "./fields";

const view = {
  severity: "critical",
  message: "db down",
  payload: {
    severity: "P1",
    status: "firing",
    labels: { region: "eu", "kubernetes.io/name": "db" },
    alerts: [{ labels: { x: 1 } }, { labels: { x: 2, y: true } }, { other: null }],
    empty: [],
  },
};

const flat = (fields: Field[]): Field[] => fields.flatMap((field) => [field, ...flat(field.children)]);
const byPath = (fields: Field[]) => new Map(flat(fields).map((field) => [field.path, field]));

test("every field has the shortest path that leads to it, and elements of a list are one", () => {
  const fields = byPath(fieldsOf(view));
  expect(fields.get("severity")?.values).toEqual(["critical"]);
  expect(fields.get("payload.severity")?.values).toEqual(["P1"]);
  expect(fields.get("labels.region")?.values).toEqual(["eu"]);
  expect(fields.get("alerts.labels.x")?.values).toEqual([1, 2]);
  expect(fields.get("alerts.other")?.values).toEqual([]);
  expect(fields.get("empty")?.children).toEqual([]);
});

test("what a path is pressed for is what a rule finds there", () => {
  for (const field of flat(fieldsOf(view))) {
    if (field.values.length > 0) {
      expect(valuesAt(view, field.path), field.path).toEqual(field.values);
    }
  }
});

test("a path goes as in the control plane", () => {
  for (const [path, found] of [
    ["alerts.1.labels.x", [2]],
    ["alerts.labels.x", [1, 2]],
    ["labels.kubernetes.io/name", ["db"]],
    ["payload.status", ["firing"]],
    ["alerts.3.labels.x", []],
    ["alerts.2.other", []],
    ["", []],
    ["constructor", []],
  ] as const) {
    expect(valuesAt(view, path), path).toEqual(found);
  }
  expect(valuesAt({ "a.b": 1, a: { b: 2 }, "x.y": { z: 4 } }, "a.b")).toEqual([1]);
  expect(valuesAt({ "x.y": { z: 4 } }, "x.y.z")).toEqual([4]);
});

test("a payload of whatever size becomes a tree that can be shown", () => {
  const wide = { payload: Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`f${index}`, index])) };
  expect(flat(fieldsOf(wide)).length).toBe(1_000);
  expect(fieldsOf("text")).toEqual([]);
  expect(fieldsOf(null)).toEqual([]);
});

test("a number of many digits is offered as a text", () => {
  const ids = { payload: { id: 1234567890123456789n, of: [1, 9007199254740993n, 9007199254740993n] } };
  expect(valuesAt(ids, "id")).toEqual(["1234567890123456789"]);
  expect(byPath(fieldsOf(ids)).get("of")?.values).toEqual([1, "9007199254740993"]);
});

test("a search keeps what leads to what was found", () => {
  const paths = (wanted: string) => flat(withText(fieldsOf(view), wanted)).map(({ path }) => path);
  expect(paths("region")).toEqual(["payload", "labels", "labels.region"]);
  expect(paths("FIRING")).toEqual(["payload", "status"]);
  expect(paths("nothing like it")).toEqual([]);
});
