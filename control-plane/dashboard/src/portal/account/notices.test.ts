import { expect, test } from "vitest";
import { noticesIn } from "./notices";

test("each notice has its name and its text, whatever headings that has", () => {
  const file =
    "# Licenses\n\nThe app bundles…\n\n## a - 1.0.0 (MIT)\n\nMIT License\n\n## Terms\n\nAs is.\n\n## @b/c - 2.1.0 (ISC)\n\n";
  expect(noticesIn(file)).toEqual([
    { name: "a - 1.0.0 (MIT)", text: "MIT License\n\n## Terms\n\nAs is." },
    { name: "@b/c - 2.1.0 (ISC)", text: "" },
  ]);
});
