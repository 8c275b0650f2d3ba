/** What is read of projects, and of the people they call. */
import { queryOptions } from "@tanstack/react-query";
import { api, take } from "../../api/client";
import type { MemberDocument, Policy, ProjectDocument } from "../../api/schema";

/** Most items of a page of the API. */
const PAGE = 200;
/** Whoever picks a person looks through no longer list; others are found by their address. */
export const MOST_MEMBERS = 1_000;

/** Pages one after another, until there are enough. */
export async function gathered<T>(
  page: (after: string | undefined) => Promise<{ items: T[]; next?: string | null }>,
  most = PAGE,
): Promise<T[]> {
  const items: T[] = [];
  let after: string | undefined;
  do {
    const read = await page(after);
    items.push(...read.items);
    after = read.next ?? undefined;
  } while (after && items.length < most);
  return items;
}

/** All of them: an organization has at most 200. */
export const projectsQuery = (org: string) =>
  queryOptions({
    queryKey: ["projects", org],
    queryFn: (): Promise<ProjectDocument[]> =>
      gathered((after) =>
        take(api.GET("/api/v1/projects", { params: { query: { org, limit: PAGE, ...(after ? { after } : {}) } } })),
      ),
  });

export const projectQuery = (org: string, id: string) =>
  queryOptions({
    queryKey: ["project", org, id],
    queryFn: () => take(api.GET("/api/v1/projects/{id}", { params: { path: { id }, query: { org } } })),
  });

/** Whom a project may call. */
export const peopleQuery = (org: string) =>
  queryOptions({
    queryKey: ["members", org, "people"],
    queryFn: (): Promise<MemberDocument[]> =>
      gathered(
        (after) =>
          take(api.GET("/api/v1/members", { params: { query: { org, limit: PAGE, ...(after ? { after } : {}) } } })),
        MOST_MEMBERS,
      ),
  });

/** What somebody is called: their name, else their address. */
export function nameOf(person: { display_name: string; email?: string | null } | undefined): string {
  return person?.display_name || person?.email || "—";
}

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
