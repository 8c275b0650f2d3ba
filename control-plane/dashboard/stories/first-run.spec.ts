import { expect, test } from "./stage";

const PHONE = "+380501234510";

test("from signing up to the first acknowledged call", async ({ stage, person }) => {
  const [phone, ann] = [stage.phone(PHONE), await person("Ann")];
  await ann.signsUp();

  await ann.field("Name").fill("Ann and sons");
  await expect(ann.field("Time zone"), "where the browser is").toHaveValue(/^Europe\/Kyiv \(GMT/);
  await ann.presses("Create the organization");

  await phone.answers();
  await ann.field("Number").fill(PHONE);
  const code = await phone.hears(() => ann.presses("Call me now"));
  await phone.rings();
  const digits = ann.page.getByRole("group", { name: "The six digits that you heard" }).getByRole("textbox");
  await digits.first().focus();
  await ann.page.keyboard.type(code === "000000" ? "111111" : "000000");
  await ann.sees(/^That is not the code/);
  await expect(digits.first(), "whoever erred types on").toBeFocused();
  await ann.page.keyboard.insertText(code);
  await ann.sees(/is verified$/);

  await ann.presses("Make both");
  await phone.presses("1", { ring: 5_000 });
  await ann.presses("Send the test alert from here");
  await phone.rings();
  await ann.sees(/^(The phone of Ann rings|Ringing)$/);
  await ann.sees("Acknowledged");
  await ann.sees("That is how it works");
  expect(await phone.calls()).toHaveLength(2);
});
