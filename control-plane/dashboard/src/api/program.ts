/** Whether the control plane serves a newer program than the one that runs here. */
import { Unreachable } from "./problem";

/** What a page's HTML loads of the program: addresses of files with hashed names. */
export function assetsIn(html: string): string[] {
  return [...html.matchAll(/(?:src|href)="([^"]*\/assets\/[^"]+)"/g)].flatMap(([, address]) => address ?? []);
}

/** Whether a page names what this one has not loaded. One that names nothing is no page of ours: a proxy's, or a hotel's. */
export function isOther(html: string, loaded: Iterable<string>): boolean {
  const here = new Set(loaded);
  return assetsIn(html).some((address) => !here.has(address));
}

/** Asks the control plane. Where it is not reached, nothing speaks for it. */
export async function isReplaced(): Promise<boolean> {
  if (!navigator.onLine) {
    return false;
  }
  try {
    const page = await fetch(location.href, { cache: "no-store", headers: { Accept: "text/html" } });
    const elements = document.querySelectorAll("script[src], link[href]");
    const loaded = [...elements].flatMap((it) => it.getAttribute("src") ?? it.getAttribute("href") ?? []);
    return page.ok && isOther(await page.text(), loaded);
  } catch {
    return false;
  }
}

/** Gives a part of the program, or throws what the page says in words. The router begins the page anew for what it knows itself. */
export async function part<Module>(load: () => Promise<Module>): Promise<Module> {
  try {
    return await load();
  } catch {
    throw new Unreachable();
  }
}
