import { expect, test } from "./stage";

const PHONE = "+380501234540";

test("an operator drains a PBX, and calls go over the other one until it is over", async ({ stage, person }) => {
  const [olena, ann, phone] = [await person("Olena"), await person("Ann"), stage.phone(PHONE)];
  await phone.presses("1");
  const { endpoint } = await stage.organization("Drained", [{ person: await ann.isKnown(), phone: PHONE }]);
  await olena.isOperator();
  let number = 0;
  const rings = async () => {
    await stage.webhook(endpoint, { status: "critical", message: `call ${++number}` });
    return phone.rings();
  };

  const usual = await rings();
  await olena.follows(usual);
  await olena.presses("Drain");
  await olena.presses("Drain", olena.dialog);
  await olena.sees("Draining");
  expect(await rings()).not.toBe(usual);
  expect(await rings()).not.toBe(usual);

  await olena.presses("End the drain");
  await olena.presses("End the drain", olena.dialog);
  await olena.sees("Healthy");
  await expect(async () => expect(await rings()).toBe(usual)).toPass({ timeout: 60_000 });
});

test("a host is added: its name, its token, and the lines for it", async ({ person }) => {
  const olena = await person("Olena");
  await olena.isOperator();
  await olena.follows("Add a PBX");
  const name = `pbx-${Date.now()}`;
  await olena.field("Name").fill(name);
  await olena.field("Region").fill("eu");
  await olena.presses("Go on");
  await olena.presses("Make a token");
  const token = await olena.copyable("Enrolment token").textContent();
  expect(token).toMatch(/^\S{20,}$/);
  await olena.sees(/ansible-playbook/);
  await olena.page.getByRole("tab", { name: "By hand" }).click();
  await olena.sees(/pbx-agent enroll/);
  await olena.sees("Waits for the host to show its token…");
});
