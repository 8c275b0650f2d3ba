import createClient from "openapi-fetch";
import { pass } from "./gate";
import { problemIn } from "./problem";
import type { paths } from "./schema";

/** The API, typed by its own description. */
export const api = createClient<paths>({ baseUrl: location.origin, fetch: pass });

/** A request under way. */
export type Asked<T> = Promise<{ data?: T; error?: unknown; response: Response }>;

/** What was asked for; anything else is thrown as an `ApiError` or `Unreachable`. */
export async function take<T>(asked: Asked<T>): Promise<T> {
  const { data, error, response } = await asked;
  if (!response.ok) {
    throw problemIn(error, response);
  }
  return data as T;
}

/** A query without what is undefined. */
export type Said<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Of a query what was said: whatever is undefined is not asked for. */
export function said<T extends object>(query: T): Said<T> {
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined)) as never;
}

/** A header that makes a repeated request of one deed one deed: made once where somebody begins it. */
export function once(): { "Idempotency-Key": string } {
  return { "Idempotency-Key": crypto.randomUUID() };
}
