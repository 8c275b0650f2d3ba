/** What both panels begin with. */
import "./styles";
import { MantineProvider } from "@mantine/core";
import type { QueryClient } from "@tanstack/react-query";
import { QueryClientProvider } from "@tanstack/react-query";
import { type AnyRouter, RouterProvider } from "@tanstack/react-router";
import { setNonce } from "get-nonce";
import { Component, lazy, type ReactNode, StrictMode, Suspense } from "react";
import { createRoot } from "react-dom/client";
import { type Audience, askerWanted, openFor } from "../api/gate";
import { isReplaced } from "../api/program";
import { startTexts } from "../texts";
import { theme, variables } from "./theme";

const CALM = 1_000;
const MOST_LOOKS = 10;
const AGAIN = 10_000;
const MINUTE = 60_000;

let settle: () => void;
/** The first page has had the line to itself. */
const settled = new Promise<void>((now) => {
  settle = now;
});

const pause = (length: number) => new Promise((after) => setTimeout(after, length));

/** Waits until the page has twice in a row had nothing left to load or to read, or for long. */
async function untilCalm(router: AnyRouter, queries: QueryClient): Promise<void> {
  for (let calm = 0, looks = 0; calm < 2 && looks < MOST_LOOKS; looks++) {
    await pause(CALM);
    calm = router.state.isLoading || queries.isFetching() > 0 ? 0 : calm + 1;
  }
}

/** Loads a part that the page can do without for a while: it is tried for as long as the page is there. */
async function patiently<Module>(load: () => Promise<Module>): Promise<Module> {
  for (;;) {
    try {
      return await load();
    } catch {
      await pause(AGAIN);
    }
  }
}

/** Loaded after the page, which shows first. */
const AskAgain = lazy(async () => {
  await Promise.race([settled, askerWanted]);
  return { default: (await patiently(() => import("./ask-again"))).AskAgain };
});

const Notices = lazy(async () => {
  await settled;
  return { default: (await patiently(() => import("./notices"))).Notices };
});

/** Keeps the fault of a part that the page can do without from the page. */
class Apart extends Component<{ children: ReactNode }> {
  override state = { isBroken: false };

  static getDerivedStateFromError() {
    return { isBroken: true };
  }

  override render() {
    return this.state.isBroken ? null : <Suspense>{this.props.children}</Suspense>;
  }
}

/** The nonce that the page came with: without it the browser takes no style that is not in a file. */
function nonce(): string {
  return document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? "";
}

/** A part of the page was not loaded. Where it is gone, as a newer program serves newer ones, begins anew, unless it has just done so. */
async function anew(): Promise<void> {
  const [mark, now] = ["begun-anew", Date.now()];
  if (now - Number(sessionStorage.getItem(mark)) > MINUTE && (await isReplaced())) {
    sessionStorage.setItem(mark, String(now));
    location.reload();
  }
}

export async function start(audience: Audience, router: AnyRouter, queries: QueryClient): Promise<void> {
  addEventListener("vite:preloadError", () => void anew());
  openFor(audience);
  // For what keeps the page from scrolling behind a dialog.
  setNonce(nonce());
  await startTexts(audience).catch(() => undefined);
  const root = document.getElementById("root");
  if (!root) {
    throw new Error("the page has no root");
  }
  void untilCalm(router, queries).then(settle);
  createRoot(root).render(
    <StrictMode>
      <MantineProvider theme={theme} cssVariablesResolver={variables} defaultColorScheme="auto" getStyleNonce={nonce}>
        <QueryClientProvider client={queries}>
          <Apart>
            <Notices />
          </Apart>
          <Apart>
            <AskAgain />
          </Apart>
          <RouterProvider router={router} />
        </QueryClientProvider>
      </MantineProvider>
    </StrictMode>,
  );
}
