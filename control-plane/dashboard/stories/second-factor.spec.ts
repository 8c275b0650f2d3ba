import { Authenticator } from "./person";
import { expect, test } from "./stage";

test("a second factor is set up, asked for, and replaced by a recovery code", async ({ person }) => {
  const ann = await person("Ann");
  await ann.isKnown();
  await ann.opens("/account/security");
  await ann.presses("Set up");
  await expect(ann.page.getByRole("img", { name: "QR code for the authenticator app" })).toBeVisible();
  const secret = (await ann.copyable("Or type the secret in").textContent()) ?? "";
  const app = new Authenticator(secret);
  await ann.field("The code that the app shows now").fill(await app.code());
  await ann.presses("Turn on");
  await ann.sees("Recovery codes");
  const recovery = (await ann.dialog.getByRole("listitem").first().textContent()) ?? "";
  await ann.field("I have kept them").check();
  await ann.presses("Done");
  await ann.sees("On");

  await ann.signsOut();
  ann.authenticator = app;
  await ann.signsIn();

  await ann.signsOut();
  await ann.showsPassword();
  await ann.field("Code of the second factor").fill(recovery);
  await ann.presses("Sign in");
  await expect(ann.field("Password")).toBeHidden();

  await ann.signsOut();
  await ann.showsPassword();
  await ann.field("Code of the second factor").fill(recovery);
  await ann.presses("Sign in");
  await expect(ann.page.getByRole("alert")).toBeVisible();
});
