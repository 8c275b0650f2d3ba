import type { Locator } from "@playwright/test";
import { expect, test } from "./stage";

/** Probes come every 30 s, and one bad one may be chance. */
const NOTICED = { timeout: 100_000 };

test("the status page tells an outage and its end to whoever has no script", async ({ stage, person }) => {
  test.setTimeout(300_000);
  const reader = await person("Reader", { javaScriptEnabled: false });
  const whole = reader.page.getByRole("heading", { level: 1 });
  const region = reader.page.getByRole("listitem").filter({ hasText: "Phone calls from region us" });
  const reads = (what: Locator, words: string) =>
    expect(async () => {
      await reader.opens("/status");
      await expect(what).toContainText(words, { timeout: 500 });
    }).toPass({ ...NOTICED, intervals: [2_000] });
  await reads(region, "Working");
  await stage.agent("pbx-2").dies();
  await reads(region, "Outage");
  await expect(whole).not.toContainText("All systems are working");
  await stage.agent("pbx-2").comesBack();
  await reads(region, "Working");
  await reads(whole, "All systems are working");
});

test("what an operator writes of an incident is on the status page, to its end", async ({ person }) => {
  const [olena, reader] = [await person("Olena"), await person("Reader", { javaScriptEnabled: false })];
  const title = `Calls to Poland are late ${Date.now()}`;
  const incident = reader.page.getByRole("article").filter({ hasText: title });
  /** The page is kept for some seconds. */
  const reads = (words: string) =>
    expect(async () => {
      await reader.opens("/status");
      await expect(incident).toContainText(words, { timeout: 500 });
    }).toPass({ timeout: 60_000, intervals: [2_000] });
  await olena.isOperator();
  await olena.opens("/admin/incidents");
  await olena.follows("New incident");
  await olena.field("Title").fill(title);
  await olena.field("What is told").fill("A carrier is slow.\nWe use another one.");
  await olena.presses("Publish");
  await expect(olena.page.getByRole("heading", { name: title })).toBeVisible();
  await reads("We use another one.");
  await reader.opens("/status?lang=uk");
  await expect(reader.page.locator("html")).toHaveAttribute("lang", "uk");
  await expect(incident).toContainText("A carrier is slow.");

  await olena.page.getByRole("radio", { name: "Resolved" }).check();
  await olena.field("What is told").fill("The carrier is well again.");
  await olena.presses("Publish");
  await reads("The carrier is well again.");
  await expect(incident).toContainText("Resolved");
});
