import { QueryCache, QueryClient } from "@tanstack/react-query";
import { ApiError, Unreachable } from "./problem";

/** Whether asking again may help. */
function mayPass(error: Error): boolean {
  return error instanceof Unreachable || (error instanceof ApiError && error.problem.status >= 500);
}

/** What pages have read. A page that is looked at again is shown at once and read again. */
export function makeQueries(): QueryClient {
  return new QueryClient({
    queryCache: new QueryCache(),
    defaultOptions: {
      queries: {
        staleTime: 5_000,
        retry: (times, error) => times < 2 && mayPass(error),
        // Whether the control plane is reached, requests find out by themselves.
        networkMode: "always",
      },
      mutations: { networkMode: "always" },
    },
  });
}
