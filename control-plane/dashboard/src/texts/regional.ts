/**
 * The language of the page as it is written where the viewer is: dates and numbers of `en` differ between `en-US` and
 * `en-GB`, and the browser knows which is read.
 */
export function regional(language: string): string {
  return navigator.languages.find((tag) => tag.split("-")[0] === language) ?? language;
}
