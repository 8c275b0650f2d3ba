/** Every page of the portal and where it is. */
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
import { membershipIn, sessionQuery } from "../api/session";
import { ALERT_STATES, oneOf, SEVERITIES } from "../api/words";
import { withTexts } from "../texts";
import { NotFound, PageFailure } from "../ui/failure";
import { Loading } from "../ui/page";
import type { AlertSearch } from "./alerts/queries";
import { Entrance } from "./entrance/entrance";
import { NotMember } from "./entrance/not-member";
import { keepOrganization, lastOrganization } from "./organization";
import { Shell } from "./shell/shell";

/** A list is read after this entry. */
interface Paging {
  after?: string | undefined;
}

const text = (value: unknown) => (typeof value === "string" && value !== "" ? value : undefined);
const paging = (search: Record<string, unknown>): Paging => ({ after: text(search["after"]) });

/** A page that is loaded where somebody goes there. */
const lazy: typeof lazyRouteComponent = (load, name) => lazyRouteComponent(() => part(load), name);
/** Pages that say more than those that are opened first. */
const later: typeof lazyRouteComponent = (load, name) => lazy(withTexts(load), name);

const root = createRootRouteWithContext<{ queries: QueryClient }>()({
  component: Outlet,
  notFoundComponent: NotFound,
});

/** Pages that need nobody to be signed in. */
const entrance = createRoute({
  getParentRoute: () => root,
  id: "entrance",
  component: Entrance,
});
const entered = <const Path extends string>(path: Path, load: () => Promise<Record<string, unknown>>, name: string) =>
  createRoute({ getParentRoute: () => entrance, path, component: lazy(load as never, name) });

const signIn = createRoute({
  getParentRoute: () => entrance,
  path: "/sign-in",
  validateSearch: (search: Record<string, unknown>): { to?: string | undefined } => ({ to: text(search["to"]) }),
  component: lazy(() => import("./entrance/sign-in"), "SignInPage"),
});
const signUp = entered("/sign-up", () => import("./entrance/sign-up"), "SignUpPage");
const verify = entered("/verify", () => import("./entrance/verify"), "VerifyPage");
const forgotten = entered("/forgotten", () => import("./entrance/forgotten"), "ForgottenPage");
const reset = entered("/reset-password", () => import("./entrance/reset-password"), "ResetPasswordPage");
const confirmAddress = entered("/confirm-address", () => import("./entrance/confirm-address"), "ConfirmAddressPage");
const invite = entered("/invite", () => import("./entrance/invite"), "InvitePage");

/** Pages of somebody who is signed in. */
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

const home = createRoute({
  getParentRoute: () => signedIn,
  path: "/",
  beforeLoad: ({ context: { session } }) => {
    const organization = lastOrganization(session);
    if (!organization) {
      throw redirect({ to: "/welcome" });
    }
    throw redirect({ to: "/o/$org/alerts", params: { org: organization.slug } });
  },
});

const welcome = createRoute({
  getParentRoute: () => signedIn,
  path: "/welcome",
  validateSearch: (search: Record<string, unknown>): { org?: string | undefined } => ({ org: text(search["org"]) }),
  component: later(() => import("./welcome/welcome"), "WelcomePage"),
});

const account = createRoute({ getParentRoute: () => signedIn, path: "/account" });
const profile = createRoute({
  getParentRoute: () => account,
  path: "/",
  component: later(() => import("./account/profile"), "ProfilePage"),
});
const phones = createRoute({
  getParentRoute: () => account,
  path: "/phones",
  component: later(() => import("./account/phones"), "PhonesPage"),
});
const security = createRoute({
  getParentRoute: () => account,
  path: "/security",
  component: later(() => import("./account/security"), "SecurityPage"),
});
const privacy = createRoute({
  getParentRoute: () => account,
  path: "/privacy",
  component: later(() => import("./account/privacy"), "PrivacyPage"),
});
const licences = createRoute({
  getParentRoute: () => account,
  path: "/licences",
  component: later(() => import("./account/licences"), "LicencesPage"),
});
const history = createRoute({
  getParentRoute: () => account,
  path: "/history",
  validateSearch: paging,
  component: later(() => import("./account/history"), "HistoryPage"),
});

/** Pages of one organization. */
const organization = createRoute({
  getParentRoute: () => signedIn,
  path: "/o/$org",
  beforeLoad: ({ context: { session }, params: { org } }) => {
    const isMember = membershipIn(session, org) !== undefined;
    if (isMember) {
      keepOrganization(org);
    }
    return { isMember };
  },
  component: Organization,
});

/** Whoever follows a link to an organization that they are not in is told so, and shown no other one. */
function Organization() {
  const { isMember } = organization.useRouteContext();
  return isMember ? <Outlet /> : <NotMember />;
}

const alerts = createRoute({
  getParentRoute: () => organization,
  path: "/alerts",
  validateSearch: (search: Record<string, unknown>): AlertSearch => ({
    ...paging(search),
    state: oneOf(ALERT_STATES, search["state"]),
    project: text(search["project"]),
    severity: oneOf(SEVERITIES, search["severity"]),
  }),
  component: lazy(() => import("./alerts/list"), "AlertsPage"),
});
const alert = createRoute({
  getParentRoute: () => organization,
  path: "/alerts/$id",
  component: later(() => import("./alerts/detail"), "AlertPage"),
});
const calls = createRoute({
  getParentRoute: () => organization,
  path: "/calls",
  validateSearch: paging,
  component: later(() => import("./calls/list"), "CallsPage"),
});
const call = createRoute({
  getParentRoute: () => organization,
  path: "/calls/$id",
  component: later(() => import("./calls/detail"), "CallPage"),
});
const figures = createRoute({
  getParentRoute: () => organization,
  path: "/figures",
  validateSearch: (search: Record<string, unknown>) => ({
    days: oneOf([1, 7, 30, 90], Number(search["days"])),
    project: text(search["project"]),
  }),
  component: later(() => import("./figures/figures"), "FiguresPage"),
});
const endpoints = createRoute({
  getParentRoute: () => organization,
  path: "/endpoints",
  validateSearch: (search: Record<string, unknown>): { project?: string | undefined } => ({
    project: text(search["project"]),
  }),
  component: later(() => import("./endpoints/list"), "EndpointsPage"),
});
const endpoint = createRoute({
  getParentRoute: () => organization,
  path: "/endpoints/$id",
  validateSearch: paging,
  component: later(() => import("./endpoints/detail"), "EndpointPage"),
});
const request = createRoute({
  getParentRoute: () => organization,
  path: "/requests/$id",
  component: later(() => import("./endpoints/request"), "RequestPage"),
});
const projects = createRoute({
  getParentRoute: () => organization,
  path: "/projects",
  component: later(() => import("./projects/list"), "ProjectsPage"),
});
const project = createRoute({
  getParentRoute: () => organization,
  path: "/projects/$id",
  component: later(() => import("./projects/detail"), "ProjectPage"),
});
const scenario = createRoute({
  getParentRoute: () => organization,
  path: "/projects/$id/scenarios/$name",
  validateSearch: (search: Record<string, unknown>): { request?: string | undefined } => ({
    request: text(search["request"]),
  }),
  component: later(() => import("./scenarios/editor"), "ScenarioPage"),
});
const team = createRoute({
  getParentRoute: () => organization,
  path: "/team",
  validateSearch: paging,
  component: later(() => import("./team/team"), "TeamPage"),
});
const keys = createRoute({
  getParentRoute: () => organization,
  path: "/keys",
  validateSearch: paging,
  component: later(() => import("./keys/keys"), "KeysPage"),
});
const audit = createRoute({
  getParentRoute: () => organization,
  path: "/audit",
  validateSearch: (
    search: Record<string, unknown>,
  ): Paging & { action?: string | undefined; actor?: string | undefined; subject?: string | undefined } => ({
    ...paging(search),
    action: text(search["action"]),
    actor: text(search["actor"]),
    subject: text(search["subject"]),
  }),
  component: later(() => import("./audit/audit"), "AuditPage"),
});
const settings = createRoute({
  getParentRoute: () => organization,
  path: "/settings",
  component: later(() => import("./settings/settings"), "SettingsPage"),
});

/** What is not there, within the frame: the way on is in sight. */
const elsewhere = createRoute({ getParentRoute: () => signedIn, path: "$", component: NotFound });

const tree = root.addChildren([
  entrance.addChildren([signIn, signUp, verify, forgotten, reset, confirmAddress, invite]),
  signedIn.addChildren([
    home,
    elsewhere,
    welcome,
    account.addChildren([profile, phones, security, privacy, licences, history]),
    organization.addChildren([
      alerts,
      alert,
      calls,
      call,
      figures,
      endpoints,
      endpoint,
      request,
      projects,
      project,
      scenario,
      team,
      keys,
      audit,
      settings,
    ]),
  ]),
]);

export function makeRouter(queries: QueryClient) {
  return createRouter({
    routeTree: tree,
    context: { queries },
    defaultPreload: "intent",
    defaultErrorComponent: PageFailure,
    defaultPendingComponent: Loading,
    scrollRestoration: true,
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
