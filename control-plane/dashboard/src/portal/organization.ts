import { useParams } from "@tanstack/react-router";
import type { MembershipDocument, SessionDocument } from "../api/schema";
import { membershipIn, useSession } from "../api/session";
import { keep, kept } from "../keep";

const LAST = "organization";

/** Remembers where somebody was. */
export function keepOrganization(slug: string): void {
  keep(LAST, slug);
}

/** Where somebody was last, or belongs at all. */
export function lastOrganization({ organizations }: SessionDocument): MembershipDocument | undefined {
  const last = kept(LAST);
  return organizations.find(({ slug }) => slug === last) ?? organizations[0];
}

/** The organization that is looked at, and what one may do there (docs/permissions.md). */
export function useOrganization() {
  const { org = "" } = useParams({ strict: false });
  const session = useSession();
  const membership = membershipIn(session, org);
  const owns = membership?.role === "owner";
  return { org, session, membership, owns, governs: owns || membership?.role === "admin" };
}
