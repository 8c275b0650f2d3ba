import { type QueryClient, queryOptions, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { forgetCached } from "../keep";
import { api, take } from "./client";
import { hold, meet, renew, sessionUrl } from "./gate";
import { ApiError } from "./problem";
import type { MembershipDocument, SessionDocument, SignIn } from "./schema";

/** Who is signed in; null where nobody is. */
export const sessionQuery = queryOptions({
  queryKey: ["session"],
  staleTime: Number.POSITIVE_INFINITY,
  queryFn: async (): Promise<SessionDocument | null> => {
    try {
      const session = await take(api.GET(sessionUrl()));
      meet(session);
      return session;
    } catch (error) {
      if (error instanceof ApiError && error.problem.status === 401) {
        hold(null);
        return null;
      }
      throw error;
    }
  },
});

/** The session, on pages that nobody sees without one. */
export function useSession(): SessionDocument {
  const { data } = useSuspenseQuery(sessionQuery);
  if (!data) {
    throw new Error("nobody is signed in");
  }
  return data;
}

/** Takes a session that was begun here. Whatever the page knows of somebody else goes. */
function enter(queries: QueryClient, session: SessionDocument): void {
  const before = queries.getQueryData(sessionQuery.queryKey);
  if (before && before.account.id !== session.account.id) {
    forgetCached();
    queries.clear();
  }
  hold(session);
  queries.setQueryData(sessionQuery.queryKey, session);
}

/** Reads it again: somebody has joined, left or renamed something. */
export async function reread(queries: QueryClient): Promise<SessionDocument> {
  const session = await take(api.GET(sessionUrl()));
  meet(session);
  queries.setQueryData(sessionQuery.queryKey, session);
  return session;
}

async function endSession(): Promise<void> {
  await take(api.DELETE(sessionUrl())).catch((error: unknown) => {
    // Whoever is out already is out.
    if (!(error instanceof ApiError && error.problem.status === 401)) {
      throw error;
    }
  });
}

/** Ends the session and begins anew there: whatever the page knows goes with it. */
export async function signOutTo(page: string): Promise<void> {
  await endSession();
  hold(null);
  location.assign(page);
}

/** What a person may do to their session. */
export function useSessionActions() {
  const queries = useQueryClient();
  return {
    /** Takes a session that another request has opened. */
    enter: (session: SessionDocument) => enter(queries, session),
    signIn: async (given: SignIn) => enter(queries, await take(api.POST(sessionUrl(), { body: given }))),
    reread: () => reread(queries),
    /** Ends the session on a page that goes on without one. */
    signOut: async () => {
      await endSession();
      hold(null);
      queries.clear();
      queries.setQueryData(sessionQuery.queryKey, null);
    },
    renew,
  };
}

/** What somebody is in an organization. */
export function membershipIn(session: SessionDocument, slug: string): MembershipDocument | undefined {
  return session.organizations.find((organization) => organization.slug === slug);
}
