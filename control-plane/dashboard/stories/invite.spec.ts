import { pathOf } from "./person";
import { expect, test } from "./stage";

test("somebody is invited, signs up in a browser of their own, and belongs", async ({ stage, person }) => {
  const [ann, bob] = [await person("Ann"), await person("Bob")];
  const { slug } = await stage.organization("Guests", [{ person: await ann.isKnown() }]);
  await ann.opens(`/o/${slug}/team`);
  await ann.presses("Invite");
  await ann.field("E-mail address", ann.dialog).fill(bob.email);
  await ann.presses("Send the invitation", ann.dialog);
  await ann.sees(`A letter is on its way to ${bob.email}`);

  const invitation = await stage.letterTo(bob.email, /invit/i);
  await bob.opens(pathOf(invitation.links));
  await bob.sees(/^You are invited to Guests as Member\./);
  await bob.follows("I am new here");
  await expect(bob.field("E-mail address")).toHaveValue(bob.email);
  await bob.field("Your name").fill("Bob");
  await bob.field("Password").fill(bob.password);
  await bob.presses("Create the account");
  const letter = await stage.letterTo(bob.email, /confirm/i);
  await bob.opens(pathOf(letter.links));
  await bob.field("Password").fill(bob.password);
  await bob.presses("Confirm and go on");
  await bob.presses("Join Guests");
  await bob.sees("You belong to Guests now");

  await ann.page.reload();
  const row = ann.page.getByRole("listitem").or(ann.page.getByRole("row")).filter({ hasText: "Bob" });
  await expect(row.first()).toContainText("Member");
});
