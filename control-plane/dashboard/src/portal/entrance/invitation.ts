/** An invitation that somebody signs in or up for: it waits in this tab alone, and in no address. */
import { queryOptions } from "@tanstack/react-query";
import { api, take } from "../../api/client";

const KEPT = "invitation";

export function keepInvitation(token: string): void {
  sessionStorage.setItem(KEPT, token);
}

export function keptInvitation(): string {
  return sessionStorage.getItem(KEPT) ?? "";
}

export function forgetInvitation(): void {
  sessionStorage.removeItem(KEPT);
}

/** What an invitation is to. Looking is counted, so it is looked at once. */
export const invitationQuery = (token: string) =>
  queryOptions({
    queryKey: ["invitation", token],
    staleTime: Number.POSITIVE_INFINITY,
    enabled: token !== "",
    retry: false,
    queryFn: () => take(api.POST("/api/v1/invites/preview", { body: { token } })),
  });
