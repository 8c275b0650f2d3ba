import { afterEach, expect, test, vi } from "vitest";
import { dates, measure, numbers } from "./regional";

afterEach(() => vi.unstubAllGlobals());

const at = new Date(Date.UTC(2026, 10, 30));

test("numbers and dates are written as where the viewer is, in the language of the page", () => {
  vi.stubGlobal("navigator", { languages: ["uk-UA", "en-IN"] });
  expect(numbers("en").format(1_234_567)).toBe("12,34,567");
  expect(dates("en", { dateStyle: "short", timeZone: "UTC" }).format(at)).toBe("30/11/26");
  expect(measure(1.25, "minute", "uk")).toBe("1,3 хв");
});

test("where the browser names no region for the language, it is written as the language is by itself", () => {
  vi.stubGlobal("navigator", { languages: ["de-DE"] });
  expect(numbers("en").format(1_234_567)).toBe("1,234,567");
});
