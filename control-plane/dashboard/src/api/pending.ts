/** What the back end is about to have. Generated types take the place of these once it does. */
import { pass } from "./gate";
import { problemOf } from "./problem";
import type {
  Action,
  AlertCall,
  AlertDetail,
  AlertState,
  CallView,
  EndpointDocument,
  Operator,
  QueuedCall,
  Reason,
  Rule,
  ScenarioDocument,
  Severity,
} from "./schema";

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
export type CalledPerson = AlertCall;

export type AlertWithPeople = AlertDetail;

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

/** A stored request, whole. */
export interface RequestDetail extends RequestSummary {
  endpoint_name: string;
  project: string;
  project_id: string;
  query: string;
  headers: { name: string; value: string }[];
  body: string;
  body_truncated: boolean;
  body_kind: "json" | "form" | "text" | "binary" | "empty";
  fields: unknown;
  answer: unknown;
  replayed_from: string | null;
}

/** An endpoint whose URL can be another than before. */
export interface RotatedEndpoint extends EndpointDocument {
  rotated_at?: string | null;
  former_url_until?: string | null;
}

export type IdentifiedScenario = ScenarioDocument;

export interface DryRunWish {
  payload?: unknown;
  request_id?: string;
  content_type?: string;
  rule?: Rule[];
}

export interface CheckedCondition {
  field: string;
  op: Operator;
  value: unknown;
  found: unknown;
  holds: boolean;
}

export interface Verdict {
  index: number;
  matches: boolean;
  decides: boolean;
  conditions: CheckedCondition[];
}

export type Standing = "ready" | "full" | "resting" | "doubtful" | "offline" | "draining" | "not_allowed";

export interface Recipient {
  account_id: string;
  display_name: string;
  destination: string | null;
  held_back: Reason | null;
  routes: { pbx: string; trunk: string; standing: Standing }[];
}

/** What a payload would do. */
export interface DryRun {
  severity: Severity;
  message: string;
  dedup_key: string | null;
  resolves: boolean;
  verdicts: Verdict[];
  rule: number | null;
  action: Action;
  fallback: string | null;
  outcome: "calls" | "suppressed" | "resolved" | "nobody";
  recipients: Recipient[];
  fields: unknown;
}
