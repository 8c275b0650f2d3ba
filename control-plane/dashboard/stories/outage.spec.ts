import { expect, test } from "./stage";

/** Probes come every 30 s, and one bad one may be chance. */
const NOTICED = { timeout: 100_000 };

test("the status page tells an outage and its end to whoever has no script", async ({ browser, stage }) => {
  test.setTimeout(300_000);
  const context = await browser.newContext({ javaScriptEnabled: false, baseURL: stage.url, locale: "en-GB" });
  const page = await context.newPage();
  const says = async (words: RegExp) => {
    await expect(async () => {
      await page.goto("/status");
      await expect(page.getByRole("main")).toContainText(words, { timeout: 500 });
    }).toPass({ ...NOTICED, intervals: [2_000] });
  };
  const region = page
    .getByRole("listitem")
    .or(page.getByRole("region"))
    .filter({ hasText: /\bus\b/i })
    .first();
  await says(/operational/i);
  await stage.agent("pbx-2").dies();
  await expect(async () => {
    await page.goto("/status");
    await expect(region).toContainText(/outage/i, { timeout: 500 });
  }).toPass({ ...NOTICED, intervals: [2_000] });
  await stage.agent("pbx-2").comesBack();
  await says(/all systems operational|everything works/i);
  await context.close();
});

test("what an operator writes of an incident is on the status page", async ({ stage, person }) => {
  const olena = await person("Olena");
  await olena.isKnown();
  await stage.operator(olena);
  await olena.signsIn();
  await olena.hasSecondFactor();
  await olena.signsIn("/admin/sign-in");
  await olena.opens("/admin/incidents");
  await olena.presses("New incident");
  const title = `Calls to Poland are late ${Date.now()}`;
  await olena.field("Title", olena.dialog).fill(title);
  await olena.field("What is told", olena.dialog).fill("A carrier is slow.\nWe use another one.");
  await olena.presses("Publish", olena.dialog);
  await olena.sees(title);

  const reader = await person("Reader", { javaScriptEnabled: false });
  await reader.opens("/status");
  await reader.sees(title);
  await reader.sees(/We use another one\./);
  await reader.opens("/status?lang=uk");
  await expect(reader.page.locator("html")).toHaveAttribute("lang", "uk");
});
