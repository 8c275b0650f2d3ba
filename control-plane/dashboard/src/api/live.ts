/** What changes, as it changes. */
import { useQueryClient } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { type Change, shows } from "./change";
import { isKnown } from "./gate";
import { ApiError } from "./problem";
import { membershipIn, reread, useSession } from "./session";
import { follow, type Line } from "./stream";

/** Changes come in bursts: what they touch is read again once for all of them. */
const GATHERING = 250;

/** Follows an organization, and has everything read again that shows what changes. */
export function useLive(org: string): Line {
  const queries = useQueryClient();
  const router = useRouter();
  const { csrf_token: session } = useSession();
  const [line, setLine] = useState<Line>("connecting");
  // biome-ignore lint/correctness/useExhaustiveDependencies: whoever has signed in anew listens anew
  useEffect(() => {
    let gathering: ReturnType<typeof setTimeout> | undefined;
    let changes: (Change | null)[] = [];
    const readAgain = () => {
      const gathered = changes;
      changes = [];
      gathering = undefined;
      void queries.invalidateQueries({
        predicate: ({ queryKey, state }) =>
          queryKey[1] === org && gathered.some((change) => shows(queryKey, state.data, change)),
      });
    };
    const stop = follow(org, {
      line: setLine,
      changed: (change) => {
        changes.push(change);
        gathering ??= setTimeout(readAgain, GATHERING);
      },
      isKnown,
      mayLook: async () => {
        try {
          // Asks who it is, where the session is over.
          if (membershipIn(await reread(queries), org)) {
            return true;
          }
        } catch (error) {
          if (error instanceof ApiError && error.problem.status === 401) {
            return false;
          }
          throw error;
        }
        // No member any more: the address leads elsewhere now.
        await router.invalidate();
        return false;
      },
    });
    return () => {
      stop();
      clearTimeout(gathering);
    };
  }, [org, queries, router, session]);
  return line;
}
