import { expect, test } from "./stage";

const HOSTILE = '<script>alert(1)</script><img src=x onerror="alert(2)"> \u202Egnp.exe\u202C 🔥🚒 {{t}} %s';

test("what a payload says is shown and does nothing", async ({ stage, person }) => {
  const ann = await person("Ann");
  ann.page.on("dialog", () => ann.complaints.push("a payload opened a dialog"));
  const { slug, endpoint } = await stage.organization("Inert", [{ person: await ann.isKnown() }]);
  const { request_id, alert_id } = await stage.webhook(endpoint, { status: "critical", message: HOSTILE });
  for (const path of [`alerts`, `alerts/${alert_id}`, `requests/${request_id}`]) {
    await ann.opens(`/o/${slug}/${path}`);
    const shown = ann.page.locator(".inert").filter({ hasText: "<script>alert(1)</script>" }).first();
    await expect(shown).toBeVisible();
    await expect(shown).toContainText("🔥🚒");
    // Whatever turns the direction round stays within its element.
    expect(await shown.evaluate((element) => getComputedStyle(element).unicodeBidi)).toBe("isolate");
    expect(await ann.page.locator("main img[src='x'], main script").count()).toBe(0);
  }
});

test("ten thousand alerts are paged through and scrolled as a few are", async ({ stage, person }) => {
  const ann = await person("Ann");
  const { slug, endpoint } = await stage.organization("Long", [{ person: await ann.isKnown() }]);
  await stage.past(endpoint, 10_000);
  await ann.opens(`/o/${slug}/alerts?state=closed`);
  const { page } = ann;
  const messages = page.getByRole("row").getByText(/^disk of node \d+ is/);
  await expect(messages.first()).toHaveText(/^disk of node 10000 is/);
  let oldest = 10_001;
  for (let turn = 0; turn < 5; turn++) {
    const shown = await messages.allTextContents();
    const numbers = shown.map((text) => Number(/node (\d+)/.exec(text)?.[1]));
    expect(Math.max(...numbers), "each page goes on where the one before it ended").toBe(oldest - 1);
    oldest = Math.min(...numbers);
    const before = page.url();
    await page
      .getByRole("link", { name: "Older" })
      .or(page.getByRole("button", { name: "Older" }))
      .click();
    await expect(page).not.toHaveURL(before);
    await expect(messages.first()).toHaveText(new RegExp(`^disk of node ${oldest - 1} is`));
  }
  expect(await page.locator("*").count(), "a page is a page, however long the list is").toBeLessThan(5_000);
  const slowest = await page.evaluate(async () => {
    let [slowest, last] = [0, performance.now()];
    for (let step = 0; step < 60; step++) {
      scrollBy(0, 40);
      const now = await new Promise<number>((resolve) => requestAnimationFrame(resolve));
      slowest = Math.max(slowest, now - last);
      last = now;
    }
    return slowest;
  });
  process.stdout.write(`\nslowest frame while 10,000 alerts are scrolled: ${Math.round(slowest)} ms\n`);
  await page.goBack();
  await expect(messages.first()).toBeVisible();
});
