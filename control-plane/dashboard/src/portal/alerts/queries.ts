/** What the pages about alerts read. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, said, take } from "../../api/client";
import type { AlertDetail, AlertPage, AlertState, EventView, Severity } from "../../api/schema";
import { cache, cached } from "../../ui/keep";

export interface AlertSearch {
  state?: AlertState | undefined;
  project?: string | undefined;
  severity?: Severity | undefined;
  after?: string | undefined;
}

/** Pages of a timeline that are read at once: what is beyond them nobody reads on a phone. */
const MOST_PAGES = 5;

/** The first page of all alerts is kept in the browser, where the person allows it. */
function keptAs(org: string, { state, project, severity, after }: AlertSearch): string | null {
  if (project || severity || after || (state && state !== "open")) {
    return null;
  }
  return `alerts:${org}${state ? `:${state}` : ""}`;
}

export function alertsQuery(org: string, search: AlertSearch) {
  const name = keptAs(org, search);
  const before = name ? cached<AlertPage>(name) : null;
  return queryOptions({
    queryKey: ["alerts", org, search],
    queryFn: async () => {
      const page = await take(api.GET("/api/v1/alerts", { params: { query: said({ org, ...search }) } }));
      if (name) {
        cache(name, page);
      }
      return page;
    },
    placeholderData: keepPreviousData,
    ...(before ? { initialData: before, initialDataUpdatedAt: 0 } : {}),
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
