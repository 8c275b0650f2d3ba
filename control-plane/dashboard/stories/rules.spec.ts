import type { Person } from "./person";
import { expect, type Organization, type Stage, test } from "./stage";

const ANN = "+380501234520";
const RULE = `[[org.project.scenario.rule]]
  when = [{ field = "severity", op = "in", value = ["critical", "major"] }]
  action = { do = "call_primary" }`;

async function opensRules(who: Person, { slug, project }: Organization): Promise<void> {
  await who.opens(`/o/${slug}/projects`);
  await who.follows(project);
  await who.follows("default");
  await expect(who.page.getByRole("heading", { name: "Scenario default" })).toBeVisible();
}

async function withRules(stage: Stage, ann: Person): Promise<Organization> {
  return stage.organization("Rules", [{ person: await ann.isKnown(), phone: ANN }], RULE);
}

/** Adds a rule that calls nobody about a host, with keys alone. */
async function typesARule({ page }: Person, host: string): Promise<void> {
  await page.getByRole("button", { name: "Add a rule" }).focus();
  await page.keyboard.press("Enter");
  const rule = page.getByRole("listitem", { name: /^Rule \d+$/ }).last();
  await expect(rule.getByRole("combobox", { name: /^Field/ })).toBeFocused();
  await page.keyboard.type("host");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Tab");
  await expect(rule.getByRole("combobox", { name: /^Comparison/ })).toBeFocused();
  await page.keyboard.press("Tab");
  await page.keyboard.type(host);
  await page.keyboard.press("Escape");
  const action = rule.getByRole("combobox", { name: /^Action/ });
  await action.focus();
  await page.keyboard.press("Enter");
  await page.getByRole("option", { name: "Call nobody" }).waitFor();
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Enter");
  await expect(action).toHaveValue("Call nobody");
}

/** Lifts the last rule to the first place, with keys alone. */
async function lifts({ page }: Person, place: number): Promise<void> {
  await page.getByRole("button", { name: `Move rule ${place} up` }).focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("listitem", { name: "Rule 1" }).getByRole("combobox", { name: /^Field/ })).toHaveValue(
    "host",
  );
}

test("rules are written with the keyboard, tried with a payload, saved, and followed", async ({ stage, person }) => {
  const [ann, phone] = [await person("Ann"), stage.phone(ANN)];
  await phone.presses("1");
  const organization = await withRules(stage, ann);
  await stage.webhook(organization.endpoint, { status: "critical", host: "lab-1", message: "disk full" });
  await phone.rings();

  await opensRules(ann, organization);
  await typesARule(ann, "lab-1");
  await lifts(ann, 2);
  await ann.sees(/^Rule 1 decides/);
  await ann.sees("Nobody would be called: the rule says so");
  await ann.presses("Save");
  await ann.sees("Saved: alerts go by these rules from now on");

  const quiet = await stage.webhook(organization.endpoint, { status: "critical", host: "lab-1", message: "again" });
  expect(quiet.action).toBe("suppress");
  await stage.webhook(organization.endpoint, { status: "critical", host: "shop-1", message: "db down" });
  await phone.rings();
  expect(await phone.calls()).toHaveLength(2);
});

test("a threshold of more digits than a browser's numbers have keeps them all", async ({ stage, person }) => {
  const ann = await person("Ann");
  const rule = `[[org.project.scenario.rule]]
    when = [{ field = "seq", op = "gt", value = 9007199254740993 }]
    action = { do = "suppress" }`;
  const organization = await stage.organization("Digits", [{ person: await ann.isKnown(), phone: ANN }], rule);
  const decides = async (seq: string) => (await stage.webhook(organization.endpoint, { message: seq, seq })).action;
  await stage.phone(ANN).ringsOut();
  expect(await decides("9007199254740993")).toBe("call_primary");

  await opensRules(ann, organization);
  const comparison = ann.page.getByRole("combobox", { name: /^Comparison/ });
  await comparison.click();
  await ann.page.getByRole("option", { name: "is at least", exact: true }).click();
  const threshold = ann.page.getByRole("textbox", { name: /^Value/ });
  await expect(threshold).toHaveValue("9007199254740993");
  await ann.presses("Save");
  await ann.sees("Saved: alerts go by these rules from now on");
  expect(await decides("9007199254740993")).toBe("suppress");
  expect(await decides("9007199254740992")).toBe("call_primary");

  await threshold.fill("18446744073709551615");
  await threshold.blur();
  const saved = ann.page.waitForResponse((answer) => answer.request().method() === "PUT" && answer.ok());
  await ann.presses("Save");
  await saved;
  await ann.page.reload();
  await expect(threshold).toHaveValue("18446744073709551615");
  expect(await decides("18446744073709551614")).toBe("call_primary");
});

test("whoever saves second sees both versions and chooses", async ({ stage, person }) => {
  const [ann, bob] = [await person("Ann"), await person("Bob")];
  await Promise.all([ann.isKnown(), bob.isKnown()]);
  const organization = await stage.organization("Two", [{ person: ann }, { person: bob, role: "admin" }], RULE);
  await opensRules(ann, organization);
  await opensRules(bob, organization);
  await typesARule(bob, "of-bob");
  await bob.presses("Save");
  await bob.sees("Saved: alerts go by these rules from now on");

  await typesARule(ann, "of-ann");
  await ann.presses("Save");
  await expect(ann.dialog).toContainText("Both versions");
  await ann.sees("of-bob", ann.dialog);
  await ann.presses("Keep all of mine", ann.dialog);
  await ann.presses("Save these rules", ann.dialog);
  await ann.sees("Saved: alerts go by these rules from now on");

  await bob.page.reload();
  const last = bob.page.getByRole("listitem", { name: /^Rule \d+$/ }).last();
  await expect(last.getByRole("combobox", { name: /^Value/ })).toHaveValue("of-ann");
});

test("a session that ends in the middle of an edit takes nothing of it along", async ({ stage, person }) => {
  const ann = await person("Ann");
  // What asks is loaded after the page: here it comes when she has saved already.
  const refused = ann.page.waitForResponse(
    (answer) => answer.request().method() === "PUT" && answer.status() === 401,
    { timeout: 0 },
  );
  await ann.page.route("**/assets/ask-again-*.js", (route) => refused.then(() => route.continue()));
  await opensRules(ann, await withRules(stage, ann));
  await typesARule(ann, "kept");
  await ann.isSignedOutByTime();
  await ann.presses("Save");
  const again = ann.page.getByRole("dialog", { name: "Sign in again" });
  await ann.field("Password", again).fill(ann.password);
  await ann.presses("Sign in", again);
  await ann.sees("Saved: alerts go by these rules from now on");
  await ann.page.reload();
  const last = ann.page.getByRole("listitem", { name: /^Rule \d+$/ }).last();
  await expect(last.getByRole("combobox", { name: /^Value/ })).toHaveValue("kept");
});
