/** What is read of projects, and of the people they call. */
import { queryOptions } from "@tanstack/react-query";
import { api, take } from "../../api/client";
import type { MemberDocument, ProjectDocument } from "../../api/schema";
import { gathered, PAGE } from "./gathered";

/** Whoever picks a person looks through no longer list; others are found by their address. */
export const MOST_MEMBERS = 1_000;

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
