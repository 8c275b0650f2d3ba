/** What of the fleet is looked at first. */
import type { PbxView, TrunkView } from "../../api/schema";

/** Worst first. What an operator wants so (a drain, a revoked key, no host yet) is no problem. */
export type Condition = "offline" | "degraded" | "trunks" | "draining" | "waiting" | "healthy";

const ORDER: Condition[] = ["offline", "degraded", "trunks", "draining", "waiting", "healthy"];
/** Of fewer attempts a rate says little. */
const ENOUGH = 20;
/** A trunk that reaches fewer has something wrong with it. */
const POOR = 0.9;

export function conditionOf(pbx: PbxView): Condition {
  if (pbx.health === "offline") {
    return pbx.revoked || !pbx.enrolled_at ? "waiting" : "offline";
  }
  if (pbx.health === "degraded") {
    return "degraded";
  }
  if (pbx.health === "draining") {
    return "draining";
  }
  return pbx.trunks.some(isTroubled) ? "trunks" : "healthy";
}

export function isProblem(pbx: PbxView): boolean {
  return ["offline", "degraded", "trunks"].includes(conditionOf(pbx));
}

/** Whether something is wrong with a trunk that nobody has asked for. */
export function isTroubled(trunk: TrunkView): boolean {
  return !trunk.online || (trunk.standing !== "works" && !trunk.rested_until) || isPoor(trunk);
}

/** Whether it reaches few of those whom it shall reach. */
export function isPoor(trunk: TrunkView): boolean {
  return trunk.success_rate != null && trunk.reached + trunk.failed >= ENOUGH && trunk.success_rate < POOR;
}

const rank = (pbx: PbxView) => ORDER.indexOf(conditionOf(pbx));
const names = new Intl.Collator("en", { numeric: true });

export interface Region {
  name: string;
  pbxs: PbxView[];
  problems: number;
}

/** Regions with their PBXs: whatever is worst comes first, then by name. */
export function byRegion(fleet: PbxView[]): Region[] {
  const regions = new Map<string, PbxView[]>();
  for (const pbx of fleet) {
    regions.set(pbx.region, [...(regions.get(pbx.region) ?? []), pbx]);
  }
  const worst = (region: Region) => Math.min(...region.pbxs.map(rank));
  return [...regions]
    .map(([name, pbxs]) => ({
      name,
      pbxs: pbxs.sort((a, b) => rank(a) - rank(b) || names.compare(a.name, b.name)),
      problems: pbxs.filter(isProblem).length,
    }))
    .sort(
      (a, b) =>
        Math.min(worst(a), ORDER.indexOf("draining")) - Math.min(worst(b), ORDER.indexOf("draining")) ||
        names.compare(a.name, b.name),
    );
}

/** Versions of agents, each with how many have it; the newest first. */
export function versionsOf(fleet: PbxView[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const { agent_version: version } of fleet) {
    if (version) {
      counts.set(version, (counts.get(version) ?? 0) + 1);
    }
  }
  return [...counts].sort(([a], [b]) => names.compare(b, a));
}
