import type { english } from "../../texts/en";

type Wrong = keyof (typeof english)["account"]["phones"]["wrong"];

/** A number as people write it, in the one way that the API takes (E.164), or what is wrong with it. */
export function readNumber(text: string): { number: string } | { wrong: Wrong; found?: string } {
  const bare = text.replace(/[\s().\-\u2010-\u2015\u00a0/]/g, "").replace(/^00/, "+");
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
