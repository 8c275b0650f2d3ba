/** What is read of endpoints and of what arrived at them. */
import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, take } from "../../api/client";
import { ask, type Listed, type RequestDetail, type RequestSummary, type RotatedEndpoint } from "../../api/pending";
import { gathered } from "../projects/gathered";

/** A project's, page by page. */
export const endpointsQuery = (org: string, project: string) =>
  infiniteQueryOptions({
    queryKey: ["endpoints", org, project],
    initialPageParam: "",
    queryFn: ({ pageParam: after }) =>
      take(
        api.GET("/api/v1/projects/{id}/endpoints", {
          params: { path: { id: project }, query: { org, limit: 50, ...(after ? { after } : {}) } },
        }),
      ),
    getNextPageParam: (page) => page.next ?? null,
  });

/** All of a project's: it has at most 200. */
export const allEndpointsQuery = (org: string, project: string) =>
  queryOptions({
    queryKey: ["endpoints", org, project, "all"],
    queryFn: (): Promise<RotatedEndpoint[]> =>
      gathered((after) =>
        take(
          api.GET("/api/v1/projects/{id}/endpoints", {
            params: { path: { id: project }, query: { org, limit: 200, ...(after ? { after } : {}) } },
          }),
        ),
      ),
  });

export const endpointQuery = (org: string, id: string) =>
  queryOptions({
    queryKey: ["endpoint", org, id],
    queryFn: (): Promise<RotatedEndpoint> =>
      take(api.GET("/api/v1/endpoints/{id}", { params: { path: { id }, query: { org } } })),
  });

export const requestsQuery = (org: string, endpoint: string, after?: string, limit = 25) =>
  queryOptions({
    queryKey: ["requests", org, endpoint, after ?? "", limit],
    queryFn: () =>
      ask<Listed<RequestSummary>>("GET", `/api/v1/endpoints/${encodeURIComponent(endpoint)}/requests`, {
        query: { org, limit, after },
      }),
    placeholderData: keepPreviousData,
  });

export const requestQuery = (org: string, id: string) =>
  queryOptions({
    queryKey: ["request", org, id],
    queryFn: () => ask<RequestDetail>("GET", `/api/v1/requests/${encodeURIComponent(id)}`, { query: { org } }),
  });
