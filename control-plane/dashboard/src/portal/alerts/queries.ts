/** What the pages about alerts read. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, said, take } from "../../api/client";
import { whose } from "../../api/gate";
import type { AlertDetail, AlertPage, AlertState, EventView, Severity } from "../../api/schema";
import { cache, cached } from "../../keep";

export interface AlertSearch {
  state?: AlertState | undefined;
  project?: string | undefined;
  severity?: Severity | undefined;
  after?: string | undefined;
}

/** Pages of a timeline that are read at once: what is beyond them nobody reads on a phone. */
const MOST_PAGES = 5;

/** The oldest page, in milliseconds, that is shown from the browser while a newer one is read. */
const OLDEST = 10 * 60_000;

/** A page of alerts, and when it was read. */
export interface AlertsRead extends AlertPage {
  at: number;
  /** It comes from an earlier visit: what it says may be long over, and what it does not say may be so. */
  kept?: true;
}

/** The first page of all alerts is kept in the browser, where the person allows it, for the one who has read it. */
function keptAs(org: string, { state, project, severity, after }: AlertSearch): string | null {
  const account = whose();
  if (account === null || project || severity || after || (state && state !== "open")) {
    return null;
  }
  return `alerts:${account}:${org}${state ? `:${state}` : ""}`;
}

function before(name: string): AlertsRead | null {
  const found = cached<AlertPage>(name, OLDEST);
  return found && { ...found.value, at: found.at, kept: true };
}

export function alertsQuery(org: string, search: AlertSearch) {
  const name = keptAs(org, search);
  return queryOptions({
    queryKey: ["alerts", org, search],
    queryFn: async (): Promise<AlertsRead> => {
      const page = await take(api.GET("/api/v1/alerts", { params: { query: said({ org, ...search }) } }));
      // Whoever has signed out meanwhile leaves nothing behind.
      if (name && name === keptAs(org, search)) {
        cache(name, page);
      }
      return { ...page, at: Date.now() };
    },
    placeholderData: keepPreviousData,
    initialData: () => (name && before(name)) || undefined,
    initialDataUpdatedAt: 0,
  });
}

export interface Story extends AlertDetail {
  events: EventView[];
  /** Whether there is more than was read. */
  cut: boolean;
}

/** One alert with everything that happened to it. */
export function alertQuery(org: string, id: string) {
  return queryOptions({
    queryKey: ["alert", org, id],
    queryFn: async (): Promise<Story> => {
      const page = (after?: number) =>
        take(api.GET("/api/v1/alerts/{id}", { params: { path: { id }, query: said({ org, limit: 200, after }) } }));
      const alert = await page();
      const events = [...alert.timeline.items];
      let { next } = alert.timeline;
      for (let read = 1; next != null && read < MOST_PAGES; read++) {
        const { timeline } = await page(next);
        events.push(...timeline.items);
        next = timeline.next;
      }
      return { ...alert, events, cut: next != null };
    },
  });
}

/** The calls of an alert with their attempts. */
export function callsOfAlertQuery(org: string, id: string) {
  return queryOptions({
    queryKey: ["calls", org, { alert: id }],
    queryFn: () => take(api.GET("/api/v1/calls", { params: { query: { org, alert_id: id, limit: 200 } } })),
  });
}

export function requestsOfAlertQuery(org: string, id: string) {
  return queryOptions({
    queryKey: ["requests", org, { alert: id }],
    queryFn: () => take(api.GET("/api/v1/alerts/{id}/requests", { params: { path: { id }, query: { org } } })),
  });
}

/** The projects to choose from. */
export function projectChoiceQuery(org: string) {
  return queryOptions({
    queryKey: ["projects", org, "choice"],
    queryFn: async () => (await take(api.GET("/api/v1/projects", { params: { query: { org, limit: 200 } } }))).items,
    staleTime: 60_000,
  });
}

/** What people are called, by their address. */
export function memberNamesQuery(org: string) {
  return queryOptions({
    queryKey: ["members", org, "names"],
    queryFn: async () => {
      const { items } = await take(api.GET("/api/v1/members", { params: { query: { org, limit: 200 } } }));
      return Object.fromEntries(items.map(({ email, display_name }) => [email ?? "", display_name || email || ""]));
    },
    staleTime: 60_000,
  });
}
