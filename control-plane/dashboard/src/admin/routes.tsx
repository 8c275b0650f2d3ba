/** Every page of the admin panel and where it is. */
import type { QueryClient } from "@tanstack/react-query";
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from "@tanstack/react-router";
import { part } from "../api/program";
import { sessionQuery } from "../api/session";
import { withTexts } from "../texts";
import { NotFound, PageFailure } from "../ui/failure";
import { Loading } from "../ui/page";
import type { Search } from "./link";
import { Shell } from "./shell/shell";

type Paging = Pick<Search, "after" | "q">;

const text = (value: unknown) => (typeof value === "string" && value !== "" ? value : undefined);
const paging = (search: Record<string, unknown>): Paging => ({ after: text(search["after"]), q: text(search["q"]) });

/** A page that is loaded where somebody goes there. */
const lazy: typeof lazyRouteComponent = (load, name) => lazyRouteComponent(() => part(load), name);
/** Pages that say more than those that are opened first. */
const later: typeof lazyRouteComponent = (load, name) => lazy(withTexts(load), name);

const root = createRootRouteWithContext<{ queries: QueryClient }>()({
  component: Outlet,
  notFoundComponent: NotFound,
});

const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: (search: Record<string, unknown>): Pick<Search, "to"> => ({ to: text(search["to"]) }),
  component: lazy(() => import("./shell/sign-in"), "SignInPage"),
});

const signedIn = createRoute({
  getParentRoute: () => root,
  id: "signed-in",
  beforeLoad: async ({ context, location }) => {
    const session = await context.queries.ensureQueryData(sessionQuery);
    if (!session) {
      throw redirect({ to: "/sign-in", search: { to: location.href } });
    }
    return { session };
  },
  component: Shell,
});

const fleet = createRoute({
  getParentRoute: () => signedIn,
  path: "/",
  validateSearch: (search: Record<string, unknown>): Pick<Search, "q" | "only"> => ({
    q: text(search["q"]),
    only: text(search["only"]),
  }),
  component: lazy(() => import("./fleet/fleet"), "FleetPage"),
});
const pbx = createRoute({
  getParentRoute: () => signedIn,
  path: "/fleet/$id",
  component: later(() => import("./fleet/pbx"), "PbxPage"),
});
const enrol = createRoute({
  getParentRoute: () => signedIn,
  path: "/enrol",
  validateSearch: (search: Record<string, unknown>): Pick<Search, "pbx"> => ({ pbx: text(search["pbx"]) }),
  component: later(() => import("./enrol/enrol"), "EnrolPage"),
});
const calls = createRoute({
  getParentRoute: () => signedIn,
  path: "/calls",
  validateSearch: paging,
  component: later(() => import("./calls/calls"), "LiveCallsPage"),
});
const organizations = createRoute({
  getParentRoute: () => signedIn,
  path: "/organizations",
  validateSearch: paging,
  component: later(() => import("./organizations/list"), "OrganizationsPage"),
});
const organization = createRoute({
  getParentRoute: () => signedIn,
  path: "/organizations/$id",
  component: later(() => import("./organizations/detail"), "OrganizationPage"),
});
const accounts = createRoute({
  getParentRoute: () => signedIn,
  path: "/accounts",
  validateSearch: paging,
  component: later(() => import("./accounts/list"), "AccountsPage"),
});
const account = createRoute({
  getParentRoute: () => signedIn,
  path: "/accounts/$id",
  component: later(() => import("./accounts/detail"), "AccountPage"),
});
const abuse = createRoute({
  getParentRoute: () => signedIn,
  path: "/abuse",
  component: later(() => import("./abuse/abuse"), "AbusePage"),
});
const doNotCall = createRoute({
  getParentRoute: () => signedIn,
  path: "/do-not-call",
  validateSearch: paging,
  component: later(() => import("./do-not-call/do-not-call"), "DoNotCallPage"),
});
const letters = createRoute({
  getParentRoute: () => signedIn,
  path: "/letters",
  validateSearch: (search: Record<string, unknown>): Pick<Search, "after" | "state"> => ({
    after: text(search["after"]),
    state: text(search["state"]),
  }),
  component: later(() => import("./letters/letters"), "LettersPage"),
});
const suppressions = createRoute({
  getParentRoute: () => signedIn,
  path: "/letters/suppressions",
  validateSearch: paging,
  component: later(() => import("./letters/suppressions"), "SuppressionsPage"),
});
const incidents = createRoute({
  getParentRoute: () => signedIn,
  path: "/incidents",
  validateSearch: paging,
  component: later(() => import("./incidents/list"), "IncidentsPage"),
});
const writeIncident = createRoute({
  getParentRoute: () => signedIn,
  path: "/incidents/new",
  component: later(() => import("./incidents/write"), "WriteIncidentPage"),
});
const incident = createRoute({
  getParentRoute: () => signedIn,
  path: "/incidents/$id",
  component: later(() => import("./incidents/detail"), "IncidentPage"),
});
const audit = createRoute({
  getParentRoute: () => signedIn,
  path: "/audit",
  validateSearch: (search: Record<string, unknown>): Pick<Search, "after" | "action" | "actor" | "subject"> => ({
    after: text(search["after"]),
    action: text(search["action"]),
    actor: text(search["actor"]),
    subject: text(search["subject"]),
  }),
  component: later(() => import("./audit/audit"), "AuditPage"),
});

/** What is not there, within the frame: the way on is in sight. */
const elsewhere = createRoute({ getParentRoute: () => signedIn, path: "$", component: NotFound });

const tree = root.addChildren([
  signIn,
  signedIn.addChildren([
    elsewhere,
    fleet,
    pbx,
    enrol,
    calls,
    organizations,
    organization,
    accounts,
    account,
    abuse,
    doNotCall,
    letters,
    suppressions,
    incidents,
    writeIncident,
    incident,
    audit,
  ]),
]);

/** The links of the admin panel, typed by its own pages: the portal has registered its router with the library. */
export function makeRouter(queries: QueryClient) {
  return createRouter({
    routeTree: tree,
    basepath: "/admin",
    context: { queries },
    defaultPreload: "intent",
    defaultErrorComponent: PageFailure,
    defaultPendingComponent: Loading,
    scrollRestoration: true,
  });
}

export type AdminRouter = ReturnType<typeof makeRouter>;
