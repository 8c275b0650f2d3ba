import { expect, test } from "vitest";
import { isOther } from "./program";

const page = (name: string) =>
  `<!doctype html><script type="module" crossorigin src="/assets/${name}.js"></script>
   <link rel="stylesheet" crossorigin href="/assets/page-1.css"><link rel="icon" href="/favicon.svg">`;
const LOADED = ["/assets/portal-1.js", "/assets/page-1.css", "/assets/list-7.js"];

test("the same program is not another, whatever it has loaded since", () => {
  expect(isOther(page("portal-1"), LOADED)).toBe(false);
});

test("a page that names another file is another program's", () => {
  expect(isOther(page("portal-2"), LOADED)).toBe(true);
});

test("a page that is not ours says nothing", () => {
  expect(isOther("<h1>Welcome to our hotel</h1>", LOADED)).toBe(false);
});
