import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { english } from "./en";
import { first } from "./en/first";

const SOURCES = new URL("..", import.meta.url).pathname;

/** What a module is made of, itself included: what it imports, and what those do; what it loads later is none of it. */
function whole(module: string, seen = new Set<string>()): Set<string> {
  const path = [`${module}.tsx`, `${module}.ts`, join(module, "index.ts")].find(existsSync);
  if (path && !seen.has(path) && !path.includes("/texts/")) {
    seen.add(path);
    for (const [, from = ""] of readFileSync(path, "utf8").matchAll(/(?<!import type \{[^}]*\}) from "(\.[^"]+)"/g)) {
      whole(join(dirname(path), from), seen);
    }
  }
  return seen;
}

/** Pages that come without the texts of others: those that are opened first, and what is around them. */
function firstPages(panel: string): string[] {
  const routes = readFileSync(join(SOURCES, panel, "routes.tsx"), "utf8");
  const pages = [...routes.matchAll(/(?:lazy\(|entered\("[^"]+", )\(\) => import\("([^"]+)"\)/g)];
  return [...pages.map(([, page = ""]) => join(SOURCES, panel, page)), join(SOURCES, panel, "main")];
}

test.each(["portal", "admin"])("the first pages of the %s say nothing that comes with later ones", (panel) => {
  const pages = [...firstPages(panel), join(SOURCES, "ui/ask-again"), join(SOURCES, "ui/notices")];
  expect(pages.length).toBeGreaterThan(3);
  const modules = [...new Set(pages.flatMap((page) => [...whole(page)]))];
  const later = modules.flatMap((path) =>
    [...readFileSync(path, "utf8").matchAll(/["'`]([a-z]\w*)\.(\w+)[^"'`\s]*["'`]/g)]
      .filter(([, subject = "", part = ""]) =>
        subject === "codes"
          ? part in english.codes && !(part in first.codes)
          : subject in english && !(subject in first),
      )
      .map(([text]) => `${path.slice(SOURCES.length)}: ${text}`),
  );
  expect(later).toEqual([]);
});
