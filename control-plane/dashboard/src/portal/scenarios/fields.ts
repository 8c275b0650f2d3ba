/** What rules can name of a payload. Paths go as they do in the control plane. */
import type { Scalar } from "./rules";

/** What was read from a request stands before what was sent, under these names. */
const READ = ["severity", "message", "payload"];
/** A payload may hold a quarter of a megabyte: nobody looks through more fields than this. */
const MOST_FIELDS = 1_000;

/** A field, and what lies below it. */
export interface Field {
  name: string;
  path: string;
  /** Values that stand there, each once; of a list, those of each element. */
  values: Scalar[];
  children: Field[];
}

type Json = null | Scalar | bigint | Json[] | { [name: string]: Json };

/** What rules would see of a payload that nobody has sent yet. */
export function viewOf(payload: unknown): unknown {
  return { payload };
}

/** The fields of what rules see, as a tree. Elements of a list are one: a path leads into each of them. */
export function fieldsOf(view: unknown): Field[] {
  let left = MOST_FIELDS;
  const walk = (values: Json[], before: string[]): Field[] => {
    const names = new Map<string, Json[]>();
    for (const value of values.flatMap(elements)) {
      if (isObject(value)) {
        for (const [name, inner] of Object.entries(value)) {
          names.set(name, [...(names.get(name) ?? []), inner]);
        }
      }
    }
    const fields: Field[] = [];
    for (const [name, inner] of names) {
      if (left === 0) {
        break;
      }
      left -= 1;
      const segments = [...before, name];
      fields.push({
        name,
        path: pathOf(segments),
        values: scalars(inner.flatMap(elements)),
        children: walk(inner, segments),
      });
    }
    return fields;
  };
  return walk([view as Json], []);
}

/** The shortest path that leads there. */
function pathOf(segments: string[]): string {
  const [first, second] = segments;
  const isClear = first === "payload" && second !== undefined && !READ.includes(second.split(".")[0] ?? "");
  return (isClear ? segments.slice(1) : segments).join(".");
}

/** The values that a path leads to, as rules find them. */
export function valuesAt(view: unknown, path: string): Scalar[] {
  const found = follow(view as Json, path);
  const payload = isObject(view as Json) ? (view as { payload?: Json }).payload : undefined;
  const all = found.length === 0 && payload !== undefined ? follow(payload, path) : found;
  return scalars(all.flatMap(elements));
}

function follow(value: Json, path: string | null): Json[] {
  if (value === null) {
    return [];
  }
  if (path === null) {
    return [value];
  }
  if (Array.isArray(value)) {
    const [, segment = "", after] = /^([^.]*)(?:\.(.*))?$/s.exec(path) ?? [];
    if (/^\+?\d+$/.test(segment)) {
      const item = value[Number(segment)];
      return item === undefined ? [] : follow(item, after ?? null);
    }
    return value.flatMap((item) => follow(item, path));
  }
  if (!isObject(value)) {
    return [];
  }
  if (Object.hasOwn(value, path)) {
    return follow(value[path] ?? null, null);
  }
  for (let dot = path.lastIndexOf("."); dot > 0; dot = path.lastIndexOf(".", dot - 1)) {
    const key = path.slice(0, dot);
    if (Object.hasOwn(value, key)) {
      return follow(value[key] ?? null, path.slice(dot + 1));
    }
  }
  return [];
}

function elements(value: Json): Json[] {
  return Array.isArray(value) ? value.flatMap(elements) : [value];
}

function scalars(values: Json[]): Scalar[] {
  const kept = values.filter((value) => value !== null && typeof value !== "object");
  // A rule with the text of a number finds that number, to its last digit.
  return [...new Set(kept.map((value) => (typeof value === "bigint" ? String(value) : value)))];
}

function isObject(value: Json): value is { [name: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Of a tree, what holds the wanted text in a path or value, with what leads there. */
export function withText(fields: Field[], wanted: string): Field[] {
  const text = wanted.trim().toLowerCase();
  if (text === "") {
    return fields;
  }
  return fields.flatMap((field) => {
    if (field.path.toLowerCase().includes(text)) {
      return [field];
    }
    const children = withText(field.children, wanted);
    const holds = field.values.some((value) => String(value).toLowerCase().includes(text));
    return holds || children.length > 0 ? [{ ...field, children }] : [];
  });
}
