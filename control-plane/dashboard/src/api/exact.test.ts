import { expect, test } from "vitest";
import { exact, exactly, isRounded } from "./exact";

test("a whole number keeps its digits, wherever it stands", () => {
  expect(exact('{"id": 1234567890123456789, "of": [-9007199254740993, 9007199254740991]}')).toEqual({
    id: 1234567890123456789n,
    of: [-9007199254740993n, 9007199254740991],
  });
  expect(exact("12345678901234567890")).toBe(12345678901234567890n);
});

test("whatever is no such number is read as ever", () => {
  const text = String.raw`{"a": "1234567890123456789", "12345678901234567890": 1, "b\"": "\" 12345678901234567890",
    "c": 0.12345678901234567890, "d": 1e30, "e": 12345678901234567890.5, "f": null, "g": true}`;
  expect(exact(text)).toEqual(JSON.parse(text));
});

test("what is no JSON is none", () => {
  for (const text of ["", "{12345678901234567890: 1}", "0012345678901234567890", "1234567890123456789 x"]) {
    expect(() => exact(text), text).toThrow(SyntaxError);
  }
});

test("a number that is rounded is known", () => {
  expect(["9007199254740992", "-9007199254740993", " 1234567890123456789 "].every(isRounded)).toBe(true);
  expect(["9007199254740991", "1e30", "97.5", "", "text"].some(isRounded)).toBe(false);
});

test("what was read with all its digits is written with them", () => {
  const text = '{"id":1234567890123456789,"of":[-9007199254740993,1,"9007199254740993"],"a":null,"b":"x\\"1"}';
  expect(exactly(exact(text))).toBe(text);
  expect(exactly({ a: undefined, b: 1.5 })).toBe('{"b":1.5}');
});
