/** Words of the API, in the order in which people choose among them. */
import type { AlertState, Severity } from "./schema";

export const SEVERITIES = ["critical", "major", "minor", "info"] as const satisfies Severity[];
export const ALERT_STATES = ["open", "acknowledged", "closed"] as const satisfies AlertState[];

/** One of these words; nothing else that somebody has written. */
export function oneOf<const T>(words: readonly T[], written: unknown): T | undefined {
  return words.find((word) => word === written);
}
