/** What the pages of operators read. What lives is read again every few seconds, but not while nobody looks. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { type Asked, api, type Said, said, take } from "../api/client";
import type { AuditAction, LetterState } from "../api/schema";
import type { Search } from "./link";

const LIVE = 5_000;
/** Most of what a page of a list shows. */
const LIMIT = 50;

export const fleetQuery = queryOptions({
  queryKey: ["admin", "fleet"],
  queryFn: async () => (await take(api.GET("/api/admin/v1/fleet"))).items,
  refetchInterval: LIVE,
});

export const queueQuery = queryOptions({
  queryKey: ["admin", "queue"],
  queryFn: () => take(api.GET("/api/admin/v1/queue")),
  refetchInterval: LIVE,
});

export const abuseQuery = queryOptions({
  queryKey: ["admin", "abuse"],
  queryFn: () => take(api.GET("/api/admin/v1/abuse")),
  refetchInterval: 6 * LIVE,
});

export const organizationQuery = (id: string) =>
  queryOptions({
    queryKey: ["admin", "organizations", id],
    queryFn: () => take(api.GET("/api/admin/v1/organizations/{id}", { params: { path: { id } } })),
  });

export const accountQuery = (id: string) =>
  queryOptions({
    queryKey: ["admin", "accounts", id],
    queryFn: () => take(api.GET("/api/admin/v1/accounts/{id}", { params: { path: { id } } })),
  });

export const incidentQuery = (id: string) =>
  queryOptions({
    queryKey: ["admin", "incidents", id],
    queryFn: () => take(api.GET("/api/admin/v1/incidents/{id}", { params: { path: { id } } })),
  });

/** What the status page tells apart. */
export const componentsQuery = queryOptions({
  queryKey: ["admin", "components"],
  queryFn: async () => (await take(api.GET("/api/status"))).components,
});

type After = Pick<Search, "after">;
type Sought = Pick<Search, "after" | "q">;

export const callsQuery = (wanted: After) =>
  pageQuery("calls", wanted, (query) => api.GET("/api/admin/v1/calls", { params: { query } }), true);

export const organizationsQuery = (wanted: Sought) =>
  pageQuery("organizations", wanted, (query) => api.GET("/api/admin/v1/organizations", { params: { query } }));

export const accountsQuery = (wanted: Sought) =>
  pageQuery("accounts", wanted, (query) => api.GET("/api/admin/v1/accounts", { params: { query } }));

export const doNotCallQuery = (wanted: Sought) =>
  pageQuery("do-not-call", wanted, (query) => api.GET("/api/admin/v1/do-not-call", { params: { query } }));

export const lettersQuery = (wanted: After & { state: LetterState | undefined }) =>
  pageQuery("letters", wanted, (query) => api.GET("/api/admin/v1/letters", { params: { query } }), true);

export const suppressionsQuery = (wanted: After) =>
  pageQuery("suppressions", wanted, (query) => api.GET("/api/admin/v1/suppressions", { params: { query } }));

export const incidentsQuery = (wanted: After) =>
  pageQuery("incidents", wanted, (query) => api.GET("/api/admin/v1/incidents", { params: { query } }));

export const auditQuery = (
  wanted: Pick<Search, "after" | "actor" | "subject"> & { action: AuditAction | undefined },
) => pageQuery("audit", wanted, (query) => api.GET("/api/admin/v1/audit", { params: { query } }));

/** A page of a list; the page before stays until it is read. */
function pageQuery<Query extends object, Page>(
  what: string,
  wanted: Query,
  read: (query: Said<Query> & { limit: number }) => Asked<Page>,
  lives = false,
) {
  return queryOptions({
    queryKey: ["admin", what, wanted],
    queryFn: () => take(read({ ...said(wanted), limit: LIMIT })),
    placeholderData: keepPreviousData,
    ...(lives ? { refetchInterval: LIVE } : {}),
  });
}
