/** What the back end is about to have. Generated types take the place of these once it does. */
import { pass } from "./gate";
import { problemOf } from "./problem";
import type { AlertCall, AlertDetail, AlertState, CallView, QueuedCall, Severity } from "./schema";

interface Asked {
  query?: Record<string, string | number | boolean | undefined>;
  body?: unknown;
  headers?: Record<string, string>;
}

/** Asks for something whose type the description does not name yet; whatever is not an answer is thrown. */
export async function ask<T>(
  method: string,
  path: string,
  { query = {}, body, headers = {} }: Asked = {},
): Promise<T> {
  const url = new URL(path, location.origin);
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) {
      url.searchParams.set(name, String(value));
    }
  }
  const init: RequestInit = { method, headers };
  if (body !== undefined) {
    init.headers = { "Content-Type": "application/json", ...headers };
    init.body = JSON.stringify(body);
  }
  const response = await pass(new Request(url, init));
  if (!response.ok) {
    throw await problemOf(response);
  }
  return (response.status === 204 ? undefined : await response.json()) as T;
}

export interface Listed<T> {
  items: T[];
  next?: string | null;
}

/** A stored request, without what it holds. */
export interface RequestSummary {
  id: string;
  received_at: string;
  method: string;
  severity: Severity;
  message: string;
  action: string;
  alert_id: string | null;
  bytes: number;
  content_type: string | null;
  remote: string;
}

/** A call of an alert, and whom it is to reach. */
export interface CalledPerson extends AlertCall {
  account_id?: string;
  display_name?: string;
  destination?: string;
  created_at?: string;
  ended_at?: string | null;
}

export interface AlertWithPeople extends AlertDetail {
  calls: CalledPerson[];
}

export interface CalledAgain {
  calls: QueuedCall[];
}

/** One call, and what it is about. */
export interface CallDetail extends CallView {
  project: string;
  project_id: string;
  account_id: string;
  display_name: string;
  severity: Severity;
  message: string;
  alert_state: AlertState;
  expires_at: string;
  due_at: string | null;
}

export type Outcome = "acknowledged" | "answered" | "exhausted" | "expired" | "cancelled" | "blocked";

export interface TrunkFigures {
  pbx: string;
  trunk: string;
  attempts: number;
  answered: number;
  busy: number;
  no_answer: number;
  rejected: number;
  failed: number;
  refused: number;
}

export interface Figures {
  from: string;
  to: string;
  step: "hour" | "day";
  outcomes: ({ at: string } & Record<Outcome, number>)[];
  answer_times: { upto_seconds: number | null; calls: number }[];
  median_seconds: number | null;
  p90_seconds: number | null;
  trunks: TrunkFigures[];
}
