import { regional } from "../texts/regional";

/** A number of bytes, as people say it. */
export function sizeOf(bytes: number, language: string): string {
  const [value, unit] = bytes < 1_000 ? [bytes, "byte"] : [bytes / 1_000, "kilobyte"];
  return new Intl.NumberFormat(regional(language), {
    style: "unit",
    unit,
    unitDisplay: "long",
    maximumFractionDigits: 1,
  }).format(value);
}
