/** What the pages about calls read. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, take } from "../../api/client";
import { ask, type CallDetail } from "../../api/pending";

export function callsQuery(org: string, after: string | undefined) {
  return queryOptions({
    queryKey: ["calls", org, { after }],
    queryFn: () => take(api.GET("/api/v1/calls", { params: { query: { org, ...(after ? { after } : {}) } } })),
    placeholderData: keepPreviousData,
  });
}

export function callQuery(org: string, id: string) {
  return queryOptions({
    queryKey: ["call", org, id],
    queryFn: () => ask<CallDetail>("GET", `/api/v1/calls/${encodeURIComponent(id)}`, { query: { org } }),
    // The stream of events says what changes; this is for the time in which it is not there.
    refetchInterval: ({ state: { data } }) => (data && !data.ended_at ? 2_000 : false),
  });
}
