/** What a policy may be, and what it comes to. */
import type { Policy } from "../../api/schema";

export const DEFAULT_POLICY: Policy = {
  ring_seconds: 30,
  redials: 5,
  redial_pause_seconds: 30,
  lifetime_minutes: 30,
  cooldown_seconds: 60,
  delivered_when: "acknowledged",
};

/** Smallest and largest values that the API takes. */
export const RANGES = {
  ring_seconds: [5, 120],
  redials: [0, 50],
  redial_pause_seconds: [1, 3600],
  lifetime_minutes: [1, 1440],
  cooldown_seconds: [0, 3600],
} as const;

export type Numbered = keyof typeof RANGES;

/** How many tries fit into a call's lifetime where each rings out; null where all of them do. */
export function triesThatFit(policy: Policy): number | null {
  const each = policy.ring_seconds + policy.redial_pause_seconds;
  const fit = Math.floor((policy.lifetime_minutes * 60 + policy.redial_pause_seconds) / each);
  return fit < policy.redials + 1 ? Math.max(1, fit) : null;
}
