/** What is read of endpoints and of what arrived at them. */
import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, said, take } from "../../api/client";
import { exact } from "../../api/exact";
import type { RequestDetail } from "../../api/schema";
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
    queryFn: () =>
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
    queryFn: () => take(api.GET("/api/v1/endpoints/{id}", { params: { path: { id }, query: { org } } })),
  });

export const requestsQuery = (org: string, endpoint: string, after?: string, limit = 25) =>
  queryOptions({
    queryKey: ["requests", org, endpoint, after ?? "", limit],
    queryFn: () =>
      take(
        api.GET("/api/v1/endpoints/{id}/requests", {
          params: { path: { id: endpoint }, query: said({ org, limit, after }) },
        }),
      ),
    placeholderData: keepPreviousData,
  });

export const requestQuery = (org: string, id: string) =>
  queryOptions({
    queryKey: ["request", org, id],
    queryFn: async () => {
      // The payload in it is shown and made rules of to the last digit of its numbers.
      const asked = api.GET("/api/v1/requests/{id}", { params: { path: { id }, query: { org } }, parseAs: "text" });
      return exact(await take(asked)) as RequestDetail;
    },
  });
