import { afterEach, expect, test, vi } from "vitest";
import { isZone } from "./time";
import { zoneHere, zones } from "./zone-names";

afterEach(() => {
  vi.restoreAllMocks();
});

/** What clocks show there in winter and in summer. */
function clocks(timeZone: string): string[] {
  const clock = new Intl.DateTimeFormat("en", { dateStyle: "short", timeStyle: "short", timeZone });
  return ["2026-01-15T12:00:00Z", "2026-07-15T12:00:00Z"].map((at) => clock.format(new Date(at)));
}

test("zones are offered under the names that the tz database has for them", () => {
  const offered = zones();
  expect(offered).toContain("Europe/Kyiv");
  expect(offered).toContain("Asia/Kolkata");
  expect(offered).not.toContain("Europe/Kiev");
  expect(new Set(offered).size).toBe(offered.length);
});

test("each of them is known to the runtime, and a new name is of the same zone", () => {
  const before = Intl.supportedValuesOf("timeZone");
  const renamed = before.filter((zone) => !zones().includes(zone));
  expect(zones().filter((zone) => !isZone(zone))).toEqual([]);
  expect(renamed).toContain("Europe/Kiev");
  for (const zone of renamed) {
    vi.spyOn(Intl.DateTimeFormat.prototype, "resolvedOptions").mockReturnValueOnce({
      timeZone: zone,
    } as Intl.ResolvedDateTimeFormatOptions);
    const now = zoneHere();
    expect(now).not.toBe(zone);
    expect(clocks(now), `${zone} is ${now}`).toEqual(clocks(zone));
  }
});

test("a zone that a browser does not know is no zone there, and is not an error", () => {
  expect(isZone("Europe/Kyiv")).toBe(true);
  expect(isZone("Mars/Olympus_Mons")).toBe(false);
});
