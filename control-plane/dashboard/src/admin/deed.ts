import { useQueryClient } from "@tanstack/react-query";
import { type Asked, take } from "../api/client";

/** Does something over the admin API, and has whatever is shown read again. */
export function useAct() {
  const queries = useQueryClient();
  return async <T>(asked: Asked<T>): Promise<T> => {
    const answer = await take(asked);
    void queries.invalidateQueries({ queryKey: ["admin"] });
    return answer;
  };
}
