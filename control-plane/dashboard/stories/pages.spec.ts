/** Every page, narrow and wide, light and dark: nothing keeps anybody out, and nothing complains. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { ConsoleMessage, Page } from "@playwright/test";
import type axe from "axe-core";
import { expect, test } from "./stage";
import { target } from "./target";

const PHONE = "+380501234550";
const WIDTHS = { 390: 844, 1440: 900 };
const SCHEMES = ["light", "dark"] as const;
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

test.use({ contextOptions: { reducedMotion: "reduce" } });

/** Nobody is signed in yet: that is what a page asks first. */
function isExpected(message: ConsoleMessage): boolean {
  return /status of 401/.test(message.text()) && /\/session(\/refresh)?$/.test(message.location().url);
}

/** Whatever the browser complains about on this page. */
function complaintsOf(page: Page): string[] {
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" && !isExpected(message)) {
      complaints.push(`${message.text()} (${message.location().url})`);
    }
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  return complaints;
}

/** What stands in the way of somebody who sees, hears or moves otherwise. */
async function barriers(page: Page): Promise<string[]> {
  const isThere = await page.evaluate(() => "axe" in window);
  if (!isThere) {
    await page.evaluate(AXE);
  }
  const { violations } = await page.evaluate(() => (window as unknown as { axe: typeof axe }).axe.run());
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id}: ${target.join(" ")}: ${failureSummary}`),
    );
}

/** Whether it is there. One that is not keeps nobody from the others. */
async function isWhole(page: Page, which: string): Promise<boolean> {
  const heading = page.getByRole("heading", { level: 1 });
  await expect.soft(heading, `${which} has a heading`).toBeVisible();
  await expect.soft(page.locator("[aria-busy=true]"), `${which} is read`).toHaveCount(0);
  return heading.isVisible();
}

/** Writes down how all of it looks, as on a screen that is high enough: what sticks to the screen's edge hides nothing. */
async function isPictured(page: Page, which: string, width: number, height: number): Promise<void> {
  const whole = await page.evaluate(() => document.documentElement.scrollHeight);
  await page.setViewportSize({ width, height: Math.max(height, whole) });
  await page.screenshot({ path: `${target}/screenshots/${which}.png`, animations: "disabled" });
}

/** Looks at pages, one after the other. */
async function looksAt(page: Page, pages: Record<string, string>): Promise<void> {
  const complaints = complaintsOf(page);
  for (const [name, path] of Object.entries(pages)) {
    await test.step(name, async () => {
      await page.goto(path);
      for (const [width, height] of Object.entries(WIDTHS)) {
        for (const scheme of SCHEMES) {
          await page.setViewportSize({ width: Number(width), height });
          await page.emulateMedia({ colorScheme: scheme });
          const which = `${name}-${width}-${scheme}`;
          if (!(await isWhole(page, which))) {
            await page.goto(path);
            continue;
          }
          await isPictured(page, which, Number(width), height);
          expect.soft(await barriers(page), which).toEqual([]);
          const overhang = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
          expect.soft(overhang, `${which} is wider than its screen`).toBeLessThanOrEqual(0);
        }
      }
      expect.soft(complaints.splice(0), name).toEqual([]);
    });
  }
}

test("the ways in", async ({ person }) => {
  test.setTimeout(300_000);
  const { page } = await person("Somebody");
  await looksAt(page, {
    "sign-in": "/sign-in",
    "sign-up": "/sign-up",
    verify: "/verify",
    forgotten: "/forgotten",
    "reset-password": "/reset-password#void",
    "confirm-address": "/confirm-address#void",
    invite: "/invite",
    "admin-sign-in": "/admin/sign-in",
  });
});

test("the portal", async ({ stage, person }) => {
  test.setTimeout(900_000);
  const [ann, phone] = [await person("Ann"), stage.phone(PHONE)];
  await phone.presses("1");
  const { slug, endpoint } = await stage.organization(
    "Pages",
    [
      { person: await ann.isKnown(), phone: PHONE },
      { person: await person("Bob"), role: "viewer" },
    ],
    `[[org.project.scenario.rule]]
      when = [{ field = "severity", op = "in", value = ["critical", "major"] }]
      action = { do = "call_primary" }`,
  );
  const { request_id, alert_id } = await stage.webhook(endpoint, {
    status: "critical",
    message: "db down",
    host: "db-1",
  });
  await phone.rings();
  await stage.webhook(endpoint, { status: "minor", message: "disk 81 % full" });
  const first = async (path: string) => {
    const { items } = await ann.asks<{ items: { id: string }[] }>("GET", `/api/v1/${path}?org=${slug}`);
    return items[0]?.id;
  };
  await expect
    .poll(async () => (await ann.asks<{ state: string }>("GET", `/api/v1/alerts/${alert_id}?org=${slug}`)).state)
    .toBe("acknowledged");
  const [call, project] = [await first("calls"), await first("projects")];
  await ann.asks("POST", `/api/v1/keys?org=${slug}`, { name: "Terraform", scopes: ["read", "projects:write"] });
  await ann.asks("PATCH", `/api/v1/projects/${project}?org=${slug}`, { policy: { redials: 3 } });
  const at = `/o/${slug}`;
  await looksAt(ann.page, {
    alerts: `${at}/alerts`,
    alert: `${at}/alerts/${alert_id}`,
    calls: `${at}/calls`,
    call: `${at}/calls/${call}`,
    figures: `${at}/figures`,
    endpoints: `${at}/endpoints`,
    endpoint: `${at}/endpoints/${endpoint}`,
    request: `${at}/requests/${request_id}`,
    projects: `${at}/projects`,
    project: `${at}/projects/${project}`,
    scenario: `${at}/projects/${project}/scenarios/default`,
    team: `${at}/team`,
    keys: `${at}/keys`,
    audit: `${at}/audit`,
    settings: `${at}/settings`,
    welcome: "/welcome",
    profile: "/account",
    phones: "/account/phones",
    security: "/account/security",
    privacy: "/account/privacy",
    licences: "/account/licences",
    history: "/account/history",
    "not-found": `${at}/nothing`,
  });
});

test("the admin panel", async ({ stage, person }) => {
  test.setTimeout(900_000);
  const olena = await person("Olena");
  await stage.organization("Admin", [{ person: olena }]);
  await olena.isOperator();
  const first = async (path: string) => {
    const { items } = await olena.asks<{ items: { id: string }[] }>("GET", `/api/admin/v1/${path}`);
    return items[0]?.id;
  };
  await olena.asks("POST", "/api/admin/v1/do-not-call", { number: "+380501234598" });
  const pbx = await first("fleet");
  const [organization, account] = [await first("organizations"), await first("accounts")];
  await looksAt(olena.page, {
    "admin-fleet": "/admin",
    "admin-pbx": `/admin/fleet/${pbx}`,
    "admin-enrol": "/admin/enrol",
    "admin-calls": "/admin/calls",
    "admin-organizations": "/admin/organizations",
    "admin-organization": `/admin/organizations/${organization}`,
    "admin-accounts": "/admin/accounts",
    "admin-account": `/admin/accounts/${account}`,
    "admin-abuse": "/admin/abuse",
    "admin-do-not-call": "/admin/do-not-call",
    "admin-letters": "/admin/letters",
    "admin-incidents": "/admin/incidents",
    "admin-audit": "/admin/audit",
  });
});

test("the status page", async ({ person }) => {
  test.setTimeout(300_000);
  const { page } = await person("Reader");
  await looksAt(page, { status: "/status", "status-uk": "/status?lang=uk", "status-history": "/status/history" });
});
