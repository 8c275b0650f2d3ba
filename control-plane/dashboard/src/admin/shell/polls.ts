import { useNetwork } from "@mantine/hooks";
import { notifyManager, type Query, useQueryClient } from "@tanstack/react-query";
import { useCallback, useSyncExternalStore } from "react";
import { ApiError, Unreachable } from "../../api/problem";
import type { Line } from "../../api/stream";

/** Whether nobody answers, rather than somebody who refuses. */
function isSilence(error: unknown): boolean {
  return error instanceof Unreachable || (error instanceof ApiError && error.problem.status >= 500);
}

function fails({ state }: Query): boolean {
  return isSilence(state.error) || isSilence(state.fetchFailureReason);
}

const polls = (query: Query) => query.observers.some((observer) => Boolean(observer.options.refetchInterval));

/** How it stands with what the page reads again and again; null where it reads nothing so. */
export function usePolls(): Line | null {
  const cache = useQueryClient().getQueryCache();
  const { online } = useNetwork();
  const line = useSyncExternalStore(
    useCallback((changed) => cache.subscribe(notifyManager.batchCalls(changed)), [cache]),
    (): Line | null => {
      const active = cache.getAll().filter((query) => query.isActive());
      return active.some(fails) ? "connecting" : active.some(polls) ? "live" : null;
    },
  );
  return online ? line : "offline";
}
