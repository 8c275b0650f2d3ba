import { useParams } from "@tanstack/react-router";
import { membershipIn, useSession } from "../api/session";

/** The organization that is looked at, and what one may do there (docs/permissions.md). */
export function useOrganization() {
  const { org = "" } = useParams({ strict: false });
  const session = useSession();
  const membership = membershipIn(session, org);
  const owns = membership?.role === "owner";
  return { org, session, membership, owns, governs: owns || membership?.role === "admin" };
}
