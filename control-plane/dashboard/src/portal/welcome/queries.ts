/** What the first steps read: they know by themselves what is done already. */
import { queryOptions } from "@tanstack/react-query";
import { api, take } from "../../api/client";

/** Nobody may have more. */
export const MOST_PHONES = 10;

/** The phones of whoever is signed in, in the order in which they ring. */
export const phonesQuery = queryOptions({
  queryKey: ["phones", "mine"],
  queryFn: async () => (await take(api.GET("/api/v1/account/phones", { params: { query: { limit: 200 } } }))).items,
});

export function verificationQuery(id: string | null) {
  return queryOptions({
    queryKey: ["phones", "verification", id],
    enabled: id !== null,
    queryFn: () => take(api.GET("/api/v1/account/verifications/{id}", { params: { path: { id: id ?? "" } } })),
  });
}

/** The first project and its first endpoint; null for what there is not. */
export function firstProjectQuery(org: string) {
  return queryOptions({
    queryKey: ["projects", org, "first"],
    queryFn: async () => {
      const projects = await take(api.GET("/api/v1/projects", { params: { query: { org, limit: 200 } } }));
      // The newest comes first in the list; what somebody began with is what they know.
      const project = projects.items.at(-1) ?? null;
      return { project };
    },
  });
}

export function firstEndpointQuery(org: string, project: string | undefined) {
  return queryOptions({
    queryKey: ["endpoints", org, "first", project],
    enabled: project !== undefined,
    queryFn: async () => {
      const asked = api.GET("/api/v1/projects/{id}/endpoints", {
        params: { path: { id: project ?? "" }, query: { org, limit: 200 } },
      });
      return { endpoint: (await take(asked)).items.at(-1) ?? null };
    },
  });
}

/** Whether anybody has ever taken an alert here. */
export function takenQuery(org: string) {
  return queryOptions({
    queryKey: ["alerts", org, "taken"],
    queryFn: async () => {
      const query = { org, state: "acknowledged" as const, limit: 1 };
      return { any: (await take(api.GET("/api/v1/alerts", { params: { query } }))).items.length > 0 };
    },
  });
}
