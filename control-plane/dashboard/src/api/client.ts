import createClient from "openapi-fetch";
import { pass } from "./gate";
import { problemIn } from "./problem";
import type { paths } from "./schema";

/** The API, typed by its own description. */
export const api = createClient<paths>({ baseUrl: location.origin, fetch: pass });

/** What was asked for; anything else is thrown as an `ApiError` or `Unreachable`. */
export async function take<T>(asked: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await asked;
  if (!response.ok) {
    throw problemIn(error, response);
  }
  return data as T;
}

/** A header that makes a repeated request of one deed one deed: made once where somebody begins it. */
export function once(): { "Idempotency-Key": string } {
  return { "Idempotency-Key": crypto.randomUUID() };
}
