import { expect, test } from "./stage";

const PHONE = "+380501234530";

test("an alert that is taken by phone changes on a page that is open", async ({ stage, person }) => {
  const [ann, phone] = [await person("Ann"), stage.phone(PHONE)];
  await phone.presses("1", { ring: 4_000 });
  const { slug, endpoint } = await stage.organization("Live", [{ person: await ann.isKnown(), phone: PHONE }]);
  await ann.opens(`/o/${slug}/alerts`);
  await ann.sees("Live");
  await stage.webhook(endpoint, { status: "critical", message: "db down" });
  const row = ann.page.getByRole("row").filter({ hasText: "db down" });
  await expect(row).toContainText("Open");
  await phone.rings();
  await expect(row).toContainText("Acknowledged");
});

test("without a network it says so, and what happened meanwhile is there afterwards", async ({ stage, person }) => {
  const ann = await person("Ann");
  const { slug, endpoint } = await stage.organization("Tunnel", [{ person: await ann.isKnown() }]);
  await ann.opens(`/o/${slug}/alerts`);
  const line = ann.page.getByRole("banner");
  await expect(line).toContainText("Live");
  await ann.context.setOffline(true);
  await expect(line).toContainText("Offline");
  await stage.webhook(endpoint, { status: "critical", message: "in the tunnel" });
  await ann.context.setOffline(false);
  await expect(line).toContainText("Live", { timeout: 45_000 });
  await expect(ann.page.getByRole("row").filter({ hasText: "in the tunnel" })).toContainText("Open");
});
