import { expect, test } from "vitest";
import { readNumber, showNumber } from "./number";

test("a number is taken as people write it", () => {
  for (const text of [
    "+380501234567",
    "+380 50 123-45-67",
    "00380 (50) 123 45 67",
    "+380.50.123/45/67",
    "+380 [50] 1234567",
    "+380\u201150\u20141234567",
    "\u202a+380\u00a050\u2009123\u221245\u00ad67\u202c",
    "\ufeff+380\u200b50\u200e123\u206645\u206967\u2060",
  ]) {
    expect(readNumber(text), text).toEqual({ number: "+380501234567" });
  }
});

test("what is wrong with a number is told", () => {
  expect(readNumber("  ")).toEqual({ wrong: "empty" });
  expect(readNumber("+")).toEqual({ wrong: "empty" });
  expect(readNumber("0501234567")).toEqual({ wrong: "plus" });
  expect(readNumber("+0501234567")).toEqual({ wrong: "zero" });
  expect(readNumber("+38050")).toEqual({ wrong: "short" });
  expect(readNumber("+3805012345678901")).toEqual({ wrong: "long" });
  expect(readNumber("+38050CALLME")).toEqual({ wrong: "letters", found: "C" });
  expect(readNumber("+38050+1234567")).toEqual({ wrong: "letters", found: "+" });
});

test("a number is shown with gaps and loses no digit", () => {
  expect(showNumber("+380501234567")).toBe("+380 50 123 45 67");
  expect(showNumber("+14155550100")).toBe("+1 415 555 0100");
  expect(showNumber("+48123456789")).toBe("+48 123 456 789");
});
