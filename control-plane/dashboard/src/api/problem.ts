import type { Problem } from "./schema";

/** What the control plane answered instead of what was asked for (RFC 9457). */
export class ApiError extends Error {
  readonly problem: Problem;
  /** Seconds after which it may be asked again. */
  readonly retryAfter: number | null;

  constructor(problem: Problem, retryAfter: number | null) {
    super(problem.detail);
    this.name = "ApiError";
    this.problem = problem;
    this.retryAfter = retryAfter;
  }

  get code(): string {
    return this.problem.code;
  }
}

/** The control plane did not answer at all: no network, or it is being restarted. */
export class Unreachable extends Error {
  constructor() {
    super("the control plane does not answer");
    this.name = "Unreachable";
  }
}

/** The session is another person's by now, who has signed in in another tab: nothing is sent in their name. */
export class OtherAccount extends Error {
  constructor() {
    super("the session is another account's");
    this.name = "OtherAccount";
  }
}

/** The problem of an answer, whatever stands between here and the control plane has made of it. */
export async function problemOf(response: Response): Promise<ApiError | Unreachable> {
  const body: unknown = await response
    .clone()
    .json()
    .catch(() => null);
  return problemIn(body, response);
}

/** The same, where the body was read already. */
export function problemIn(body: unknown, response: Response): ApiError | Unreachable {
  const after = Number(response.headers.get("Retry-After") ?? Number.NaN);
  return isProblem(body) ? new ApiError(body, Number.isFinite(after) ? after : null) : new Unreachable();
}

function isProblem(body: unknown): body is Problem {
  return typeof body === "object" && body !== null && "code" in body && "detail" in body;
}
