/** What the pages of operators read. What lives is read again every few seconds, but not while nobody looks. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { ask, type Listed } from "../api/pending";
import type { Abuse, AccountDetail, Incident, OrganizationDetail, Pbx, Queue, StatusComponent } from "./documents";

export const ADMIN = "/api/admin/v1";
const LIVE = 5_000;
/** Most of what a page of a list shows. */
const LIMIT = 50;

export const fleetQuery = queryOptions({
  queryKey: ["admin", "fleet"],
  queryFn: async () => (await ask<{ items: Pbx[] }>("GET", `${ADMIN}/fleet`)).items,
  refetchInterval: LIVE,
});

export const queueQuery = queryOptions({
  queryKey: ["admin", "queue"],
  queryFn: () => ask<Queue>("GET", `${ADMIN}/queue`),
  refetchInterval: LIVE,
});

export const abuseQuery = queryOptions({
  queryKey: ["admin", "abuse"],
  queryFn: () => ask<Abuse>("GET", `${ADMIN}/abuse`),
  refetchInterval: 6 * LIVE,
});

export const organizationQuery = (id: string) =>
  queryOptions({
    queryKey: ["admin", "organizations", id],
    queryFn: () => ask<OrganizationDetail>("GET", `${ADMIN}/organizations/${id}`),
  });

export const accountQuery = (id: string) =>
  queryOptions({
    queryKey: ["admin", "accounts", id],
    queryFn: () => ask<AccountDetail>("GET", `${ADMIN}/accounts/${id}`),
  });

export const incidentQuery = (id: string) =>
  queryOptions({
    queryKey: ["admin", "incidents", id],
    queryFn: () => ask<Incident>("GET", `${ADMIN}/incidents/${id}`),
  });

/** What the status page tells apart. */
export const componentsQuery = queryOptions({
  queryKey: ["admin", "components"],
  queryFn: async () => (await ask<{ components: StatusComponent[] }>("GET", "/api/status")).components,
});

/** A page of a list; the page before stays until it is read. */
export function listQuery<T>(what: string, query: Record<string, string | undefined>, lives = false) {
  return queryOptions({
    queryKey: ["admin", what, query],
    queryFn: () => ask<Listed<T>>("GET", `${ADMIN}/${what}`, { query: { ...query, limit: LIMIT } }),
    placeholderData: keepPreviousData,
    ...(lives ? { refetchInterval: LIVE } : {}),
  });
}
