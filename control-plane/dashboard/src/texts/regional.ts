/**
 * Dates and numbers in the language of the page as they are written where the viewer is: those of `en` differ between
 * `en-US` and `en-GB`, and the browser knows which is read. Whatever is written of either passes here.
 */
function regional(language: string): string {
  return navigator.languages.find((tag) => tag.split("-")[0] === language) ?? language;
}

export function dates(language: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat(regional(language), options);
}

export function distances(language: string, options: Intl.RelativeTimeFormatOptions): Intl.RelativeTimeFormat {
  return new Intl.RelativeTimeFormat(regional(language), options);
}

export function numbers(language: string, options?: Intl.NumberFormatOptions): Intl.NumberFormat {
  return new Intl.NumberFormat(regional(language), options);
}

/** A number of units that Intl knows, with one decimal at most: `4.5 sec`. */
export function measure(
  value: number,
  unit: string,
  language: string,
  unitDisplay: "short" | "long" | "narrow" = "short",
): string {
  return numbers(language, { style: "unit", unit, unitDisplay, maximumFractionDigits: 1 }).format(value);
}
