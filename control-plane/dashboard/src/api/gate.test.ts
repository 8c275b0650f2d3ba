import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { askWith, hold, isKnown, meet, pass, whose } from "./gate";
import { OtherAccount } from "./problem";
import type { SessionDocument } from "./schema";

const HERE = "http://here";
const Plain = globalThis.Request;
/** The browser's knows where the page is. */
class Request extends Plain {
  constructor(input: RequestInfo | URL, init?: RequestInit) {
    super(typeof input === "string" ? new URL(input, HERE) : input, init);
  }
}

const session = (id: string) => ({ account: { id }, csrf_token: `of-${id}` }) as SessionDocument;
const json = (status: number, body: object) => new Response(JSON.stringify(body), { status });
const problem = (status: number, code: string) => json(status, { code, detail: code, title: code, status });

let answers: Record<string, Response[]> = {};
let sent: string[] = [];
const reload = vi.fn();
const ask = vi.fn(async () => true);
const write = (through = pass) => through(new Request("/api/v1/keys", { method: "POST", body: "{}" }));

beforeEach(() => {
  answers = {};
  sent = [];
  reload.mockClear();
  ask.mockReset().mockResolvedValue(true);
  vi.stubGlobal("Request", Request);
  vi.stubGlobal("location", { origin: HERE, reload });
  vi.stubGlobal("navigator", { locks: { request: (_: string, does: () => unknown) => does() } });
  vi.stubGlobal("fetch", async (request: Request) => {
    const what = `${request.method} ${new URL(request.url).pathname}`;
    sent.push(`${what} ${request.headers.get("X-CSRF-Token") ?? ""}`.trim());
    return answers[what]?.shift() ?? problem(401, "not_signed_in");
  });
  askWith(ask);
  hold(session("ann"));
});

afterEach(() => {
  hold(null);
  vi.unstubAllGlobals();
});

test("a write whose token is an older session's of the same person is sent again", async () => {
  answers = {
    "POST /api/v1/keys": [problem(403, "wrong_csrf_token"), json(201, {})],
    "GET /api/v1/session": [json(200, { ...session("ann"), csrf_token: "newer" })],
  };
  expect((await write()).status).toBe(201);
  expect(sent).toEqual(["POST /api/v1/keys of-ann", "GET /api/v1/session", "POST /api/v1/keys newer"]);
  expect(reload).not.toHaveBeenCalled();
});

test("where somebody else has signed in meanwhile it is not sent in their name: the page begins anew", async () => {
  answers = {
    "POST /api/v1/keys": [problem(403, "wrong_csrf_token"), json(201, {})],
    "GET /api/v1/session": [json(200, session("bob"))],
  };
  await expect(write()).rejects.toThrow(OtherAccount);
  expect(sent.filter((what) => what.startsWith("POST"))).toHaveLength(1);
  expect(reload).toHaveBeenCalledOnce();
  expect(whose()).toBe("ann");
});

test("the same where an expired session is renewed as somebody else's", async () => {
  answers = { "POST /api/v1/session/refresh": [json(200, session("bob"))] };
  await expect(write()).rejects.toThrow(OtherAccount);
  expect(sent.filter((what) => what.startsWith("POST /api/v1/keys"))).toHaveLength(1);
});

test("whoever signs in here, where nobody was, is met", () => {
  hold(null);
  meet(session("bob"));
  expect(whose()).toBe("bob");
  expect(reload).not.toHaveBeenCalled();
});

test("a proof without a session waits for no dialog: it is in one", async () => {
  let done = (_: boolean) => {};
  ask.mockReturnValueOnce(new Promise((answer) => (done = answer)));
  const known = isKnown();
  const answer = await pass(new Request("/api/v1/session/proof", { method: "POST", body: "{}" }));
  expect(answer.status).toBe(401);
  done(false);
  expect(await known).toBe(false);
});

test("however many wait, the person is asked once", async () => {
  let done = (_: boolean) => {};
  ask.mockReturnValueOnce(new Promise((answer) => (done = answer)));
  const both = [write(), write()];
  await vi.waitFor(() => expect(ask).toHaveBeenCalled());
  answers = { "POST /api/v1/keys": [json(201, {}), json(201, {})] };
  done(true);
  expect((await Promise.all(both)).map(({ status }) => status)).toEqual([201, 201]);
  expect(ask).toHaveBeenCalledOnce();
});

describe("what asks is loaded after the page", () => {
  /** The page as it begins. */
  async function begins() {
    vi.resetModules();
    const gate = await import("./gate");
    gate.hold(session("ann"));
    return gate;
  }

  beforeEach(() => {
    vi.useFakeTimers();
    answers = { "POST /api/v1/keys": [problem(401, "not_signed_in"), json(201, {})] };
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  test("who has to sign in again before that is asked when it is there", async () => {
    const gate = await begins();
    const written = write(gate.pass);
    await gate.askerWanted;
    await vi.advanceTimersByTimeAsync(5_000);
    expect(sent.at(-1)).toBe("POST /api/v1/session/refresh");
    gate.askWith(ask);
    expect((await written).status).toBe(201);
    expect(ask).toHaveBeenCalledExactlyOnceWith("sign-in");
  });

  test("where it never comes the refusal is told", async () => {
    const gate = await begins();
    const written = write(gate.pass);
    await vi.advanceTimersByTimeAsync(20_000);
    expect((await written).status).toBe(401);
  });
});
