/** What a deed has made different, value by value. */
export interface Change {
  /** Path of the field, `policy.redials`. */
  field: string;
  before: unknown;
  after: unknown;
}

type Values = Record<string, unknown>;

function isValues(value: unknown): value is Values {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Every value of an object, by its path. What is empty stays a value. */
function flat(values: Values, path = ""): [string, unknown][] {
  return Object.entries(values).flatMap(([key, value]) =>
    isValues(value) && Object.keys(value).length > 0 ? flat(value, `${path}${key}.`) : [[path + key, value]],
  );
}

export function difference(before: unknown, after: unknown): Change[] {
  const was = new Map(isValues(before) ? flat(before) : []);
  const is = new Map(isValues(after) ? flat(after) : []);
  return [...new Set([...was.keys(), ...is.keys()])].map((field) => ({
    field,
    before: was.get(field),
    after: is.get(field),
  }));
}
