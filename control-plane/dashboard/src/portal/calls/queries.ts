/** What the pages about calls read. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, said, take } from "../../api/client";

export function callsQuery(org: string, after: string | undefined) {
  return queryOptions({
    queryKey: ["calls", org, { after }],
    queryFn: () => take(api.GET("/api/v1/calls", { params: { query: said({ org, after }) } })),
    placeholderData: keepPreviousData,
  });
}

export function callQuery(org: string, id: string) {
  return queryOptions({
    queryKey: ["call", org, id],
    queryFn: () => take(api.GET("/api/v1/calls/{id}", { params: { path: { id }, query: { org } } })),
    // The stream of events says what changes; this is for the time in which it is not there.
    refetchInterval: ({ state: { data } }) => (data && !data.ended_at ? 2_000 : false),
  });
}
