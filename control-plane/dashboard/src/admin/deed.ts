import { useQueryClient } from "@tanstack/react-query";
import { ask } from "../api/pending";
import { ADMIN } from "./reads";

/** Does something over the admin API, and has whatever is shown read again. */
export function useAct() {
  const queries = useQueryClient();
  return async <T = unknown>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const answer = await ask<T>(method, `${ADMIN}/${path}`, { headers, ...(body === undefined ? {} : { body }) });
    void queries.invalidateQueries({ queryKey: ["admin"] });
    return answer;
  };
}
