/** Links of the admin panel, typed by its own pages: the library knows the portal's. */
import { Anchor, type AnchorProps } from "@mantine/core";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import type { ReactNode } from "react";

type Whole =
  | "/"
  | "/enrol"
  | "/calls"
  | "/organizations"
  | "/accounts"
  | "/abuse"
  | "/do-not-call"
  | "/letters"
  | "/letters/suppressions"
  | "/incidents"
  | "/incidents/new"
  | "/audit"
  | "/sign-in";
type OfOne = "/fleet/$id" | "/organizations/$id" | "/accounts/$id" | "/incidents/$id";

/** What stands after the ? of any page. */
export interface Search {
  after?: string | undefined;
  q?: string | undefined;
  state?: string | undefined;
  only?: string | undefined;
  pbx?: string | undefined;
  action?: string | undefined;
  actor?: string | undefined;
  subject?: string | undefined;
  to?: string | undefined;
}

export type Place = ({ to: Whole } | { to: OfOne; id: string }) & { search?: Search };

/** As the library wants it, which believes that every link goes to the root. */
export function linkTo(place: Place): { to: "/" } {
  const { to, search = {} } = place;
  return { to, search, ...("id" in place ? { params: { id: place.id } } : {}) } as unknown as { to: "/" };
}

interface AdminLinkProps extends AnchorProps {
  place: Place;
  title?: string;
  children: ReactNode;
}

export function AdminLink({ place, children, ...looks }: AdminLinkProps) {
  return (
    <Anchor component={Link} {...looks} {...linkTo(place)}>
      {children}
    </Anchor>
  );
}

/** Goes somewhere; with `replace`, so that Back does not come here again. */
export function useGo() {
  const navigate = useNavigate();
  return (place: Place, replace = false) => void navigate({ ...linkTo(place), replace });
}

export function usePageSearch(): Search {
  return useSearch({ strict: false }) as Search;
}

/** The id that the page's address names. */
export function usePageId(): string {
  const { id } = useParams({ strict: false }) as { id?: string };
  return id ?? "";
}
