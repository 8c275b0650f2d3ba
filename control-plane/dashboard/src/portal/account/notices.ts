/** A piece of others' work that the pages are made with, and its licence. */
export interface Notice {
  /** `react - 19.0.0 (MIT)` */
  name: string;
  text: string;
}

/** The notices of a file that the build has written: a heading for each, and below it the licence as it came. */
export function noticesIn(file: string): Notice[] {
  const [, ...parts] = file.split(/^## (?=\S+ - \d)/m);
  return parts.map((part) => {
    const end = part.indexOf("\n");
    return { name: part.slice(0, end).trim(), text: part.slice(end).trim() };
  });
}
