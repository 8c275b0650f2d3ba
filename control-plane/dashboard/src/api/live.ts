/** What changes, as it changes. */
import { type Query, type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { type Change, shows } from "./change";
import { api, take } from "./client";
import { isKnown } from "./gate";
import { ApiError } from "./problem";
import { inRounds, type Rounds } from "./rounds";
import { membershipIn, reread, useSession } from "./session";
import { follow, type Line, WITHOUT_LINE } from "./stream";

/** How long changes are gathered, and how long what reads them may take. */
const ROUND = { gathering: 250, longest: 10_000 };

/** Reads again what shows what has changed. A read that was under way before may not know of it: once it has ended, it is made again. */
async function readAgain(queries: QueryClient, org: string, changes: (Change | null)[], afresh: boolean) {
  const isOld = ({ queryKey, state }: Query) =>
    queryKey[1] === org && changes.some((change) => shows(queryKey, state.data, change));
  const underWay = new Set(
    queries.getQueryCache().findAll({ predicate: (query) => query.state.fetchStatus === "fetching" && isOld(query) }),
  );
  await queries.invalidateQueries({ predicate: isOld }, { cancelRefetch: afresh });
  if (!afresh && underWay.size > 0) {
    await queries.invalidateQueries({ predicate: (query) => underWay.has(query) }, { cancelRefetch: false });
  }
}

/** Whether a line is refused because too many are open; one that is given is not kept. */
async function isCrowded(org: string): Promise<boolean> {
  const tried = new AbortController();
  try {
    await take(api.GET("/api/v1/events", { params: { query: { org } }, parseAs: "stream", signal: tried.signal }));
    return false;
  } catch (error) {
    return error instanceof ApiError && error.code === "too_many_streams";
  } finally {
    tried.abort();
  }
}

/** Follows an organization, and has everything read again that shows what changes. */
export function useLive(org: string): Line {
  const queries = useQueryClient();
  const router = useRouter();
  const { csrf_token: session } = useSession();
  const [line, setLine] = useState<Line>("connecting");
  const rounds = useRef<Rounds<Change | null> | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: whoever has signed in anew listens anew
  useEffect(() => {
    const going = inRounds<Change | null>((changes, afresh) => readAgain(queries, org, changes, afresh), ROUND);
    rounds.current = going;
    const stop = follow(org, {
      line: setLine,
      changed: going.add,
      isKnown,
      isCrowded: () => isCrowded(org),
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
      going.stop();
    };
  }, [org, queries, router, session]);
  useEffect(() => {
    if (line === "live" || line === "over") {
      return;
    }
    const timer = setInterval(() => rounds.current?.add(null), WITHOUT_LINE);
    return () => clearInterval(timer);
  }, [line]);
  return line;
}
