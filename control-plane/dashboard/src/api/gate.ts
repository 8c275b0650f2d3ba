/**
 * Every request passes here: the CSRF token goes along, an expired token is renewed, and where somebody has to sign in
 * again or prove who they are, the request waits until they have and is then sent. What somebody was editing stays.
 */
import { forgetCached } from "../keep";
import { OtherAccount, problemOf, Unreachable } from "./problem";
import type { SessionDocument } from "./schema";

/** For whom a page is: people of organizations, or operators. */
export type Audience = "portal" | "admin";

/** What a request waits for. */
export type Wanted = "sign-in" | "proof";

/** What is answered to whoever is not signed in. Where a key would do as well, no cookie is no key. */
const NOBODY = new Set(["not_signed_in", "no_api_key"]);

/** Whether this says that nobody is signed in. */
export function isNobody(code: string | undefined): boolean {
  return code !== undefined && NOBODY.has(code);
}

/** Asks the person; whether they did it. */
export type Ask = (wanted: Wanted) => Promise<boolean>;

let sessionPath: "/api/v1/session" | "/api/admin/v1/session" = "/api/v1/session";
let csrf = "";
/** Whose session it is. */
let account: string | null = null;
let asker: (ask: Ask) => void;
/** What asks is loaded after the page: whoever has to be asked before that waits for it. */
let ask = new Promise<Ask>((here) => {
  asker = here;
});
let want: () => void;
/** Somebody has to be asked: what asks is wanted now. */
export const askerWanted = new Promise<void>((now) => {
  want = now;
});
/** How long, milliseconds: where it never comes, the refusal is answered as it is. */
const LONGEST_WAIT = 20_000;
let asking: Promise<boolean> | null = null;
let renewing: Promise<boolean> | null = null;

/** Says whose page this is, before the first request. */
export function openFor(audience: Audience): void {
  sessionPath = audience === "admin" ? "/api/admin/v1/session" : "/api/v1/session";
}

/** Where this page's session is. */
export function sessionUrl(): typeof sessionPath {
  return sessionPath;
}

/** Says how the person is asked. */
export function askWith(asks: Ask): void {
  asker(asks);
  ask = Promise.resolve(asks);
}

/** Takes the session that somebody has begun here, or that there is none: what was kept of the one before is forgotten. */
export function hold(session: SessionDocument | null): void {
  csrf = session?.csrf_token ?? "";
  account = session?.account.id ?? null;
  if (account === null) {
    forgetCached();
  }
}

/** The id of the account that is signed in here; null where none is. */
export function whose(): string | null {
  return account;
}

/** Takes the session as it is by now. Where it is somebody else's, this page is not: it begins anew, and nothing is sent. */
export function meet(session: SessionDocument): void {
  if (account !== null && session.account.id !== account) {
    location.reload();
    throw new OtherAccount();
  }
  hold(session);
}

async function send(request: Request): Promise<Response> {
  if (csrf && request.method !== "GET") {
    request.headers.set("X-CSRF-Token", csrf);
  }
  try {
    return await fetch(request);
  } catch (error) {
    // Whoever left the page cancelled it.
    if (request.signal.aborted) {
      throw error;
    }
    throw new Unreachable();
  }
}

/** Gets new cookies. One request for however many wait: a refresh token that is shown twice ends the session. */
export function renew(): Promise<boolean> {
  renewing ??= renewOnce().finally(() => {
    renewing = null;
  });
  return renewing;
}

async function renewOnce(): Promise<boolean> {
  const renewed = async () => {
    // Another tab may have renewed them while this one waited.
    const current = await fetch(new Request(sessionPath));
    if (current.ok) {
      meet(await current.json());
      return true;
    }
    const answer = await fetch(new Request(`${sessionPath}/refresh`, { method: "POST" }));
    if (answer.ok) {
      meet(await answer.json());
      return true;
    }
    if (answer.status >= 500 || answer.status === 429) {
      throw await problemOf(answer);
    }
    return false;
  };
  try {
    return await navigator.locks.request("cp-session", renewed);
  } catch (error) {
    if (error instanceof TypeError) {
      throw new Unreachable();
    }
    throw error;
  }
}

/** Asks the person once for however many requests wait. */
function askOnce(wanted: Wanted): Promise<boolean> {
  asking ??= patientlyAsk(wanted).finally(() => {
    asking = null;
  });
  return asking;
}

async function patientlyAsk(wanted: Wanted): Promise<boolean> {
  want();
  const nobody = new Promise<Ask>((after) => setTimeout(after, LONGEST_WAIT, async () => false));
  const asks = await Promise.race([ask, nobody]);
  return asks(wanted);
}

/** Whether somebody is signed in, be it that they were asked to sign in again. */
export async function isKnown(): Promise<boolean> {
  return (await renew()) || (account !== null && (await askOnce("sign-in")));
}

/** What the client sends with. */
export async function pass(request: Request): Promise<Response> {
  const path = new URL(request.url).pathname;
  const copies = [request.clone(), request.clone(), request.clone()];
  let response = await send(request);
  // Signing in is answered as it is.
  if (path === sessionPath && request.method === "POST") {
    return response;
  }
  // What asks for the proof waits for no other dialog: it asks itself.
  const isProof = path === `${sessionPath}/proof`;
  const next = () => copies.pop();
  if (response.status === 401 && isNobody(await codeOf(response))) {
    const again = next();
    if (again && (await (isProof ? renew() : isKnown()))) {
      response = await send(again);
    }
  }
  if (response.status === 403 && (await codeOf(response)) === "wrong_csrf_token") {
    // Another tab has signed in anew: the token is the newer session's.
    const again = next();
    if (again && (await renew())) {
      response = await send(again);
    }
  }
  if (response.status === 403 && (await codeOf(response)) === "proof_needed") {
    const again = next();
    if (again && (await askOnce("proof"))) {
      response = await send(again);
    }
  }
  return response;
}

async function codeOf(response: Response): Promise<string | undefined> {
  const error = await problemOf(response);
  return error instanceof Unreachable ? undefined : error.code;
}
