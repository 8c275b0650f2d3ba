import { measure } from "../texts/regional";

/** A number of bytes, as people say it. */
export function sizeOf(bytes: number, language: string): string {
  const [value, unit] = bytes < 1_000 ? [bytes, "byte"] : [bytes / 1_000, "kilobyte"];
  return measure(value, unit, language, "long");
}
