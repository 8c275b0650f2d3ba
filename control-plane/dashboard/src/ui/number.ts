import type { english } from "../texts/en";

type Wrong = keyof (typeof english)["account"]["phones"]["wrong"];

/** What people, and the programs that they copy from, write between digits: it says nothing, or nobody sees it. */
const BETWEEN = /[\s.()[\]/\-\u00ad\u2010-\u2015\u2212\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;

/** A number as people write it, in the one way that the API takes (E.164), or what is wrong with it. */
export function readNumber(text: string): { number: string } | { wrong: Wrong; found?: string } {
  const bare = text.replace(BETWEEN, "").replace(/^00/, "+");
  if (bare === "" || bare === "+") {
    return { wrong: "empty" };
  }
  const found = [...bare.replace(/^\+/, "")].find((character) => character < "0" || character > "9");
  if (found !== undefined) {
    return { wrong: "letters", found };
  }
  if (!bare.startsWith("+")) {
    return { wrong: "plus" };
  }
  if (bare.startsWith("+0")) {
    return { wrong: "zero" };
  }
  const digits = bare.length - 1;
  return digits < 7 ? { wrong: "short" } : digits > 15 ? { wrong: "long" } : { number: bare };
}

/** With gaps, so that it can be read and compared: groups of three from the end, after the sign. */
export function showNumber(number: string): string {
  const ukrainian = /^(\+380)(\d{2})(\d{3})(\d{2})(\d{2})$/.exec(number);
  const american = /^(\+1)(\d{3})(\d{3})(\d{4})$/.exec(number);
  const parts = ukrainian ?? american;
  return parts ? parts.slice(1).join(" ") : number.replace(/(?<=\d)(?=(\d{3})+$)/g, " ");
}
