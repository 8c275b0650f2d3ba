/**
 * What is kept in this browser. What the portal cannot do without (language, colours, the last organization) is always
 * kept; what only makes it faster lies below `cache:` and is kept where the person allows it.
 */

/** The cookie that says what somebody allowed: `all`, or `essential`. */
const CONSENT = "cp_cookie_consent";
const YEAR = 365 * 24 * 3600;
const CACHE = "cache:";

export type Consent = "all" | "essential";

/** What was allowed; null where nobody has said. */
export function consent(): Consent | null {
  const found = document.cookie.split("; ").find((cookie) => cookie.startsWith(`${CONSENT}=`));
  const value = found?.slice(CONSENT.length + 1);
  return value === "all" || value === "essential" ? value : null;
}

/** Notes what somebody allows. Whatever is not allowed any more is deleted at once. */
export function consentTo(what: Consent): void {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is not in every browser
  document.cookie = `${CONSENT}=${what}; Path=/; Max-Age=${YEAR}; SameSite=Lax${secure}`;
  if (what === "essential") {
    forgetCached();
  }
}

function storage(): Storage | null {
  try {
    return localStorage;
  } catch {
    return null;
  }
}

export function kept(name: string): string | null {
  return storage()?.getItem(name) ?? null;
}

export function keep(name: string, value: string): void {
  try {
    storage()?.setItem(name, value);
  } catch {
    // Full, or forbidden: it is then as on a first visit.
  }
}

/** Something that was kept to make the next visit faster, and when that was. */
export interface Cached<T> {
  at: number;
  value: T;
}

/** What was kept, as long as it is no older than that many milliseconds; null where it is not there or not allowed. */
export function cached<T>(name: string, oldest: number): Cached<T> | null {
  if (consent() !== "all") {
    return null;
  }
  try {
    const found: Cached<T> | null = JSON.parse(kept(CACHE + name) ?? "null");
    const age = Date.now() - (found?.at ?? Number.NaN);
    if (age >= 0 && age <= oldest) {
      return found;
    }
  } catch {
    // Whatever it is, it is not of this program.
  }
  storage()?.removeItem(CACHE + name);
  return null;
}

export function cache(name: string, value: unknown): void {
  if (consent() === "all") {
    keep(CACHE + name, JSON.stringify({ at: Date.now(), value }));
  }
}

/** Forgets all of it: when somebody signs out, or takes their word back. */
export function forgetCached(): void {
  const store = storage();
  if (store) {
    const names = Array.from({ length: store.length }, (_, index) => store.key(index));
    for (const name of names) {
      if (name?.startsWith(CACHE)) {
        store.removeItem(name);
      }
    }
  }
}
