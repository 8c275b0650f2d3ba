/** JSON whose whole numbers keep all their digits: those that a number would round are a `bigint`. */

/** A text, or a number that stands outside of any. */
const TOKENS = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/gs;
const MANY_DIGITS = /\d{16}/;

export function exact(text: string): unknown {
  const plain: unknown = JSON.parse(text);
  if (!MANY_DIGITS.test(text)) {
    return plain;
  }
  // Nobody who writes a payload knows it.
  const mark = crypto.getRandomValues(new Uint32Array(4)).join("-");
  const marked = text.replace(TOKENS, (token) => (isRounded(token) ? `"${mark}${token}"` : token));
  return JSON.parse(marked, (_, value: unknown) =>
    typeof value === "string" && value.startsWith(mark) ? BigInt(value.slice(mark.length)) : value,
  );
}

/** The other way: JSON in which a `bigint` is a number with all its digits. */
export function exactly(value: unknown): string {
  const mark = crypto.randomUUID();
  const marked = JSON.stringify(value, (_, inner: unknown) => (typeof inner === "bigint" ? mark + inner : inner));
  return marked.replace(new RegExp(`"${mark}(-?\\d+)"`, "g"), "$1");
}

/** Whether a whole number is another one once it has been read as a number. */
export function isRounded(digits: string): boolean {
  return /^\s*[+-]?\d+\s*$/.test(digits) && !Number.isSafeInteger(Number(digits));
}
