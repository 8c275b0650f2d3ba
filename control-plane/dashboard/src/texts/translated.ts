/** Of a key that counts (`x_one`, `x_other`), the name without the count. */
type Counted<K> = K extends `${infer Name}_${"one" | "other"}` ? Name : never;

/** The same keys in another language. What counts has a form for each count that the language tells apart. */
export type Translated<T> = T extends string
  ? string
  : { [K in keyof T]: Translated<T[K]> } & { [K in Counted<keyof T> as `${K}_few` | `${K}_many`]: string };
