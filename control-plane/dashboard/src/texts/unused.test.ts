import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { english as ofPeople } from "./en";
import { admin } from "./en/admin";

type Texts = { [key: string]: string | Texts };

const keys = (texts: Texts, before = ""): string[] =>
  Object.entries(texts).flatMap(([key, value]) =>
    typeof value === "string" ? [(before + key).replace(/_(one|other)$/, "")] : keys(value, `${before}${key}.`),
  );

/** The program of both pages, without the catalogue itself. */
function sources(dir: string): string {
  return readdirSync(dir, { withFileTypes: true })
    .filter(({ name }) => name !== "texts" && !/\.test\.tsx?$/.test(name))
    .map((entry) => {
      const path = join(dir, entry.name);
      return entry.isDirectory() ? sources(path) : /\.tsx?$/.test(entry.name) ? readFileSync(path, "utf8") : "";
    })
    .join("\n");
}

/** What ends in a value of two words, like `account.created`: the audit logs of both panels say it. */
const OF_TWO = /^codes\.deeds\./;

test("every text is said somewhere", () => {
  const program = sources(new URL("..", import.meta.url).pathname);
  const named = new Set([...program.matchAll(/["'`]([a-zA-Z]\w*(?:\.\w+)+)["'`]/g)].map((match) => match[1] ?? ""));
  // `a.b.${c}Hint` stands for whatever begins and ends so.
  const composed = [...program.matchAll(/`([a-zA-Z]\w*\.[^`]*\$\{[^`]*)`/g)].map(
    (match) =>
      new RegExp(
        `^${(match[1] ?? "")
          .split(/\$\{[^}]*\}/)
          .map((part) => part.replaceAll(".", "\\."))
          .join("[^.]+")}$`,
      ),
  );
  const unsaid = [...new Set(keys({ ...ofPeople, admin }))].filter(
    (key) => !named.has(key) && !OF_TWO.test(key) && !composed.some((it) => it.test(key)),
  );
  expect(unsaid).toEqual([]);
});
