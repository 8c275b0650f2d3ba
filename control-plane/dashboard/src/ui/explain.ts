/** What the words and numbers of the API mean, in sentences. */
import type { TFunction } from "i18next";
import type { AttemptView, EventView } from "../api/schema";
import type { english } from "../texts/en";
import { duration } from "./time";

type Codes = (typeof english)["codes"];

/** What a word or a number of the API is called; null where it is newer than this page. */
function named(group: keyof Codes, word: string | number | null | undefined, t: TFunction): string | null {
  const said: unknown = t(`codes.${group}.${word}` as never, { defaultValue: "" } as never);
  return typeof said === "string" && said !== "" ? said : null;
}

/** Milliseconds from one moment to another; null where one of them is unknown. */
export function between(from: string | null | undefined, to: string | null | undefined): number | null {
  return from && to ? Math.max(0, Date.parse(to) - Date.parse(from)) : null;
}

/** A reason in a word or two, whether this page knows it or not. */
export function reasonWord(reason: string, t: TFunction): string {
  return named("reason", reason, t) ?? named("attemptStatus", reason, t) ?? reason;
}

/** What a reason means and what helps; null where nothing is known of it. */
export function reasonWhy(reason: string, t: TFunction): string | null {
  return named("reasonWhy", reason, t);
}

/** Why a call that speaks a code failed, and what to do. */
export function verificationFailed(reason: string | null | undefined, t: TFunction): string {
  return (
    named("reasonWhy", reason, t) ?? named("verificationFailed", reason, t) ?? t("codes.verificationFailed.other")
  );
}

/** What the carrier's final SIP status means. */
export function sip(code: number, t: TFunction): string {
  return named("sip", code, t) ?? named("sipClass", Math.trunc(code / 100), t) ?? t("codes.unknownCode");
}

/** What a hangup cause (Q.850) means. */
export function cause(code: number, t: TFunction): string {
  return named("cause", code, t) ?? t("codes.unknownCode");
}

/** What the HTTP status of ARI's originate request means. */
export function ari(status: number, t: TFunction): string {
  return named("ari", status, t) ?? t("codes.unknownCode");
}

/** How long an attempt dialled, rang and spoke, milliseconds; null where it did not, `now` for the end of what goes on. */
export interface Spans {
  dial: number;
  ring: number | null;
  talk: number | null;
}

export function spansOf(attempt: AttemptView, now: number): Spans {
  const end = attempt.ended_at ?? (isOver(attempt) ? lastOf(attempt) : new Date(now).toISOString());
  const rang = attempt.ringing_at ?? null;
  return {
    dial: between(attempt.initiated_at, rang ?? attempt.answered_at ?? end) ?? 0,
    ring: between(rang, attempt.answered_at ?? end),
    talk: attempt.duration_ms || between(attempt.answered_at, end),
  };
}

/** Whether nothing more happens in it. Of a conversation the end tells, not the status. */
export function isOver(attempt: AttemptView): boolean {
  return attempt.ended_at != null || !["initiated", "placed", "answered", "acknowledged"].includes(attempt.status);
}

function lastOf({ acknowledged_at, answered_at, ringing_at, placed_at, initiated_at }: AttemptView): string {
  return acknowledged_at ?? answered_at ?? ringing_at ?? placed_at ?? initiated_at;
}

/** How an attempt ended, in a sentence of its own; null while it goes on, or where nothing is to be added. */
function ending(attempt: AttemptView, t: TFunction): string | null {
  switch (attempt.status) {
    case "busy":
      return t("codes.attempt.busy");
    case "no_answer":
      return t("codes.attempt.noAnswer");
    case "rejected":
      return t("codes.attempt.rejected");
    case "failed":
      return t("codes.attempt.failed");
    case "expired":
      return t("codes.attempt.expired");
    case "cancelled":
      return t("codes.attempt.cancelled");
    case "initiated":
    case "placed":
    case "answered":
    case "acknowledged":
    case "refused":
      return null;
  }
}

function picking(attempt: AttemptView, t: TFunction, language: string): string[] {
  if (!attempt.answered_at) {
    return [];
  }
  const pressed = between(attempt.answered_at, attempt.acknowledged_at);
  if (pressed !== null) {
    return [t("codes.attempt.picked"), t("codes.attempt.pressed", { time: duration(pressed, language) })];
  }
  return [t(isOver(attempt) ? "codes.attempt.pickedNoKey" : "codes.attempt.picked")];
}

/** An attempt told in sentences: who dialled, whether it rang, who picked up, how it ended and why. */
export function explainAttempt(attempt: AttemptView, t: TFunction, language: string, now = Date.now()): string {
  const route = { pbx: attempt.pbx, trunk: attempt.trunk };
  const { ring } = spansOf(attempt, now);
  const isLive = !isOver(attempt);
  const said: (string | null)[] = [
    attempt.placed_at
      ? t("codes.attempt.dialled", route)
      : t(isLive ? "codes.attempt.ordered" : "codes.attempt.notDialled", route),
  ];
  if (ring !== null && !(isLive && !attempt.answered_at)) {
    said.push(t("codes.attempt.rang", { time: duration(ring, language) }));
  } else if (ring !== null) {
    said.push(t("codes.attempt.ringing"));
  } else if (attempt.placed_at && !isLive && !attempt.answered_at) {
    said.push(t("codes.attempt.silent"));
  }
  said.push(...picking(attempt, t, language), ending(attempt, t));
  if (attempt.reason) {
    said.push(reasonWhy(attempt.reason, t) ?? attempt.reason);
  }
  if (attempt.possible_duplicate) {
    said.push(t("codes.attempt.duplicate"));
  }
  return said.filter((sentence) => sentence !== null).join(" ");
}

/** What happened to an alert. `nameOf` finds what people are called. */
export function explainEvent(event: EventView, t: TFunction, nameOf: (email: string) => string): string {
  const who = event.person ? nameOf(event.person) : t("codes.timeline.somebody");
  const { count } = event;
  // Kinds that are newer than this page are told by their word.
  switch (event.kind as string) {
    case "opened":
      return t("codes.timeline.opened");
    case "repeated":
      return t("codes.timeline.repeated", { count });
    case "raised":
      return t("codes.timeline.raised", { severity: named("severity", event.detail, t) ?? "" });
    case "reopened":
      return t("codes.timeline.reopened");
    case "called_again":
      return t("codes.timeline.calledAgain", { who: event.api_key ?? who });
    case "acknowledged":
      return taken(event, who, t);
    case "key":
      return t("codes.timeline.key", { who, key: event.detail ?? "" });
    case "closed":
      return closed(event, who, t);
    case "call_ended": {
      const status = named("callStatus", event.detail, t) ?? event.detail ?? "";
      const reason = event.reason ? ` (${reasonWord(event.reason, t)})` : "";
      const told = { who, status: status + reason };
      return count > 1 ? t("codes.timeline.callsEnded", { count, ...told }) : t("codes.timeline.callEnded", told);
    }
    case "nobody_reached":
      return t("codes.timeline.nobodyReached");
    default:
      return t("codes.timeline.other", { kind: event.kind });
  }
}

function taken(event: EventView, who: string, t: TFunction): string {
  if (event.detail === "key") {
    return t("codes.timeline.acknowledgedKey", { who });
  }
  if (event.detail === "answer") {
    return t("codes.timeline.acknowledgedAnswer", { who });
  }
  if (event.api_key) {
    return t("codes.timeline.acknowledgedProgram", { who: event.api_key });
  }
  return event.person ? t("codes.timeline.acknowledgedPortal", { who }) : t("codes.timeline.acknowledgedUnknown");
}

function closed(event: EventView, who: string, t: TFunction): string {
  if (event.detail === "forgotten") {
    return t("codes.timeline.closedForgotten");
  }
  if (event.api_key) {
    return t("codes.timeline.closedProgram", { who: event.api_key });
  }
  return event.person ? t("codes.timeline.closedPerson", { who }) : t("codes.timeline.closedRequest");
}
