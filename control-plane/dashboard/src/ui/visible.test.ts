import { expect, test } from "vitest";
import { visible } from "./visible";

test("what turns a text around is seen, what people write stays", () => {
  expect(visible("a\u202Egpj.exe")).toBe("a\\u202egpj.exe");
  expect(visible("\u2066x\u2069\u200b")).toBe("\\u2066x\\u2069\\u200b");
  for (const text of ["<script>alert(1)</script>", "Київ 🔥", "עברית", "e\u0301"]) {
    expect(visible(text)).toBe(text);
  }
});
