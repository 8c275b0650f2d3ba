/** A number of bytes, as people say it. */
export function sizeOf(bytes: number, language: string): string {
  const [value, unit] = bytes < 1_000 ? [bytes, "byte"] : [bytes / 1_000, "kilobyte"];
  return new Intl.NumberFormat(language, {
    style: "unit",
    unit,
    unitDisplay: "short",
    maximumFractionDigits: 1,
  }).format(value);
}
