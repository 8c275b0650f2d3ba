/** What operators read, as the admin API writes it. */
import type {
  ActorKind,
  AttemptStatus,
  AuditAction,
  CallStatus,
  PbxHealth,
  Reason,
  Role,
  Severity,
} from "../api/schema";

export type Standing = "works" | "probation" | "doubtful" | "resting";

export interface Trunk {
  name: string;
  online: boolean;
  route_countries: string[];
  caller_id: string | null;
  active: number;
  max_concurrent: number;
  standing: Standing;
  rested_until: string | null;
  /** What follows is of 24 hours. */
  attempts: number;
  answered: number;
  reached: number;
  failed: number;
  answer_seizure_ratio: number | null;
  success_rate: number | null;
  post_dial_delay_ms: number | null;
}

export interface Pbx {
  id: string;
  name: string;
  health: PbxHealth;
  region: string;
  created_at: string;
  enrolled_at: string | null;
  revoked: boolean;
  drained_at: string | null;
  agent_version: string | null;
  connected_at: string | null;
  asterisk: string | null;
  trouble: string | null;
  active: number;
  speaks_codes: boolean;
  trunks: Trunk[];
}

export interface NamedPbx {
  id: string;
  name: string;
  region: string;
}

export interface EnrolmentToken {
  token: string;
  expires_at: string;
}

export interface LiveCall {
  id: string;
  org_id: string;
  organization: string;
  project: string;
  destination: string;
  status: CallStatus;
  reason: Reason | null;
  severity: Severity;
  created_at: string;
  due_at: string | null;
  expires_at: string;
  attempt: { id: string; pbx: string; trunk: string; status: AttemptStatus; initiated_at: string } | null;
}

export interface Queue {
  queued: number;
  calling: number;
  oldest_queued_at: string | null;
  by_severity: { severity: Severity; queued: number }[];
  by_reason: { reason: Reason | null; queued: number }[];
  by_organization: { org_id: string; name: string; queued: number; calling: number }[];
}

export interface Organization {
  id: string;
  slug: string;
  name: string;
  timezone: string;
  created_at: string;
  members: number;
  projects: number;
  calls_24h: number;
  blocked_24h: number;
}

export interface OrganizationDetail extends Omit<Organization, "members" | "projects"> {
  members: { account_id: string; email: string; display_name: string; role: Role }[];
  projects: { id: string; slug: string }[];
}

export interface Account {
  id: string;
  email: string;
  display_name: string;
  created_at: string;
  verified: boolean;
  second_factor: boolean;
  operator: boolean;
  closed_at: string | null;
  last_seen_at: string | null;
}

export interface AccountDetail extends Account {
  organizations: { id: string; slug: string; role: Role }[];
  phones: { id: string; number: string; verified: boolean }[];
  sessions: number;
}

export interface Abuse {
  since: string;
  blocked: { org_id: string; organization: string; reason: Reason; calls: number }[];
  busiest: { org_id: string; organization: string; calls: number }[];
  verifications: { country: string; calls: number; verified: number }[];
  sign_ins: { what: string; whose: string; count: number }[];
  refresh_reused: number;
  many_failures: number;
}

export interface ForbiddenNumber {
  number: string;
  created_at: string;
}

export const LETTER_STATES = ["waiting", "sent", "failed", "suppressed", "bounced", "complained"] as const;
export type LetterState = (typeof LETTER_STATES)[number];

export interface Letter {
  id: string;
  recipient: string;
  template: string;
  language: string;
  subject: string;
  state: LetterState;
  queued_at: string;
  due_at: string | null;
  attempts: number;
  ended_at: string | null;
  reason: string | null;
}

export interface Suppression {
  email: string;
  cause: "bounce" | "complaint";
  created_at: string;
}

export const IMPACTS = ["none", "minor", "major", "critical"] as const;
export type Impact = (typeof IMPACTS)[number];
export const STAGES = ["investigating", "identified", "monitoring", "resolved"] as const;
export type Stage = (typeof STAGES)[number];

export interface Incident {
  id: string;
  title: string;
  impact: Impact;
  state: Stage;
  components: string[];
  started_at: string;
  resolved_at: string | null;
  updates: { id: string; at: string; state: Stage; text: string }[];
}

export interface StatusComponent {
  id: string;
  name: string;
  state: "operational" | "degraded" | "outage" | "unknown";
}

export interface AuditEntry {
  id: string;
  at: string;
  actor_kind: ActorKind;
  actor: string;
  actor_name?: string | null;
  action: AuditAction;
  subject: string;
  ip?: string | null;
  before?: Record<string, unknown> | null;
  after?: Record<string, unknown> | null;
}
