/** How soon the pages are there that somebody opens in a hurry, in a browser that has seen none of them. */
import type { Page } from "@playwright/test";
import { expect, test } from "./stage";

/** Most bytes that a first load may cost, compressed. */
const BUDGET = 250 * 1024;
const SHIFT = 0.1;

interface Seen {
  first: number;
  largest: number;
  shift: number;
  blocked: number;
  /** When it last became whole: no part of it is still to come. */
  whole: number;
}

/** Notes in the page what the browser tells of its speed. */
function watches(): void {
  const seen: Seen = { first: 0, largest: 0, shift: 0, blocked: 0, whole: 0 };
  (window as unknown as { seen: Seen }).seen = seen;
  const watch = (type: string, note: (entry: PerformanceEntry) => void) =>
    new PerformanceObserver((list) => list.getEntries().forEach(note)).observe({ type, buffered: true });
  watch("paint", ({ name, startTime }) => {
    if (name === "first-contentful-paint") {
      seen.first = startTime;
    }
  });
  watch("largest-contentful-paint", ({ startTime }) => {
    seen.largest = startTime;
  });
  watch("layout-shift", (entry) => {
    const { value, hadRecentInput } = entry as PerformanceEntry & { value: number; hadRecentInput: boolean };
    seen.shift += hadRecentInput ? 0 : value;
  });
  // What of a task is longer than 50 ms keeps a thumb waiting.
  watch("longtask", ({ duration }) => {
    seen.blocked += Math.max(0, duration - 50);
  });
  new MutationObserver(() => {
    const isWhole = document.querySelector("h1") && !document.querySelector("[aria-busy=true]");
    seen.whole = isWhole ? seen.whole || performance.now() : 0;
  }).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["aria-busy"] });
}

interface Measured extends Seen {
  load: number;
  /** What it weighs once it shows all that it has to. */
  page: number;
  /** Of everything, headers included. */
  bytes: number;
}

/**
 * How much came of what a page is made of: compressed, without headers, without what the API answered, and without the
 * parts that it loads later, if it was whole by then.
 */
function weight(whole: number): number {
  const parts = ["navigation", "resource"].flatMap((type) => performance.getEntriesByType(type));
  const later = parts.find(({ name }) => /\/(notices|ask-again)-[^/]+\.js$/.test(name))?.startTime;
  const end = Math.max(whole, later ?? Number.POSITIVE_INFINITY);
  return (parts as PerformanceResourceTiming[])
    .filter(({ name, startTime }) => startTime < end && !new URL(name).pathname.startsWith("/api/"))
    .reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0);
}

async function measured(page: Page, path: string): Promise<Measured> {
  const line = await page.context().newCDPSession(page);
  let bytes = 0;
  line.on("Network.loadingFinished", ({ encodedDataLength }) => {
    bytes += encodedDataLength;
  });
  await line.send("Network.enable");
  await line.send("Network.clearBrowserCache");
  await page.addInitScript(watches);
  await page.goto(path, { waitUntil: "load" });
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await expect(page.locator("[aria-busy=true]")).toHaveCount(0);
  // What jumps does so soon after.
  await page.waitForTimeout(1_000);
  const seen = await page.evaluate(() => {
    const [entry] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
    return { ...(window as unknown as { seen: Seen }).seen, load: entry?.loadEventEnd ?? 0 };
  });
  expect(seen.whole, "when the page was whole").toBeGreaterThan(0);
  return { ...seen, page: await page.evaluate(weight, seen.whole), bytes };
}

test("the first load is small, and nothing jumps", async ({ stage, person }) => {
  const ann = await person("Ann");
  const { slug, endpoint } = await stage.organization("Speed", [{ person: await ann.isKnown() }]);
  await stage.past(endpoint, 60);
  const visits = [
    { name: "sign-in", visitor: await person("Stranger"), path: "/sign-in" },
    { name: "alerts", visitor: ann, path: `/o/${slug}/alerts` },
    { name: "status", visitor: await person("Reader"), path: "/status" },
  ];
  const rows = ["page      load      FCP       LCP       TBT       CLS     page       with headers and data"];
  for (const { name, visitor, path } of visits) {
    await visitor.page.goto("about:blank");
    const seen = await measured(visitor.page, path);
    const { load, first, largest, blocked, shift } = seen;
    const times = [load, first, largest, blocked].map((ms) => `${Math.round(ms)} ms`.padEnd(10)).join("");
    const [weight, all] = [seen.page, seen.bytes].map((bytes) => `${(bytes / 1024).toFixed(1)} KB`.padEnd(11));
    rows.push(`${name.padEnd(10)}${times}${shift.toFixed(3).padEnd(8)}${weight}${all}`);
    expect.soft(seen.page, `bytes of ${name}`).toBeLessThanOrEqual(BUDGET);
    expect.soft(shift, `layout shift of ${name}`).toBeLessThan(SHIFT);
  }
  process.stdout.write(`\n${rows.join("\n")}\n`);
});
