/** Edits that are not saved yet, kept in this tab: they outlive a reload and whoever leaves by mistake. */
import type { Rule } from "../../api/schema";

export interface Draft {
  /** Whose it is: the next person in this tab has nothing to do with it. */
  account: string;
  /** The version that was read before; null where there was none. */
  version: string | null;
  /** What it held. */
  base: Rule[];
  rules: Rule[];
  /** When they were last changed, RFC 3339. */
  at: string;
}

export interface Place {
  org: string;
  project: string;
  name: string;
}

/** As much of the browser's storage as is needed. */
export type Shelf = Pick<Storage, "getItem" | "setItem" | "removeItem">;

const nameOf = ({ org, project, name }: Place) => `draft:${[org, project, name].map(encodeURIComponent).join("/")}`;

function shelf(): Shelf | null {
  try {
    return sessionStorage;
  } catch {
    return null;
  }
}

export function draftAt(place: Place, account: string, on: Shelf | null = shelf()): Draft | null {
  try {
    const found: unknown = JSON.parse(on?.getItem(nameOf(place)) ?? "null");
    return isDraft(found) && found.account === account ? found : null;
  } catch {
    return null;
  }
}

function isDraft(found: unknown): found is Draft {
  const draft = found as Partial<Draft> | null;
  return (
    typeof draft === "object" &&
    draft !== null &&
    typeof draft.account === "string" &&
    (draft.version === null || typeof draft.version === "string") &&
    Array.isArray(draft.base) &&
    Array.isArray(draft.rules) &&
    typeof draft.at === "string"
  );
}

/** Whether it is kept: the storage may be full, or forbidden. */
export function keepDraft(place: Place, draft: Draft, on: Shelf | null = shelf()): boolean {
  try {
    on?.setItem(nameOf(place), JSON.stringify(draft));
    return on !== null;
  } catch {
    return false;
  }
}

export function dropDraft(place: Place, on: Shelf | null = shelf()): void {
  try {
    on?.removeItem(nameOf(place));
  } catch {
    // What cannot be removed could not be kept either.
  }
}
