/** What both panels begin with. */
import "./styles";
import { MantineProvider } from "@mantine/core";
import type { QueryClient } from "@tanstack/react-query";
import { QueryClientProvider } from "@tanstack/react-query";
import { type AnyRouter, RouterProvider } from "@tanstack/react-router";
import { setNonce } from "get-nonce";
import { lazy, StrictMode, Suspense } from "react";
import { createRoot } from "react-dom/client";
import { type Audience, openFor } from "../api/gate";
import { startTexts } from "../texts";
import { theme, variables } from "./theme";

/** Loaded after the page, which shows first. */
const AskAgain = lazy(async () => ({ default: (await import("./ask-again")).AskAgain }));

const Notices = lazy(async () => ({ default: (await import("./notices")).Notices }));

const MINUTE = 60_000;

/** The nonce that the page came with: without it the browser takes no style that is not in a file. */
function nonce(): string {
  return document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? "";
}

/** A part of the page is gone, as a newer program serves newer ones: begins anew, unless it has just done so. */
function anew(event: Event): void {
  const [mark, now] = ["begun-anew", Date.now()];
  if (now - Number(sessionStorage.getItem(mark)) > MINUTE) {
    event.preventDefault();
    sessionStorage.setItem(mark, String(now));
    location.reload();
  }
}

export async function start(audience: Audience, router: AnyRouter, queries: QueryClient): Promise<void> {
  addEventListener("vite:preloadError", anew);
  openFor(audience);
  // For what keeps the page from scrolling behind a dialog.
  setNonce(nonce());
  await startTexts(audience);
  const root = document.getElementById("root");
  if (!root) {
    throw new Error("the page has no root");
  }
  createRoot(root).render(
    <StrictMode>
      <MantineProvider theme={theme} cssVariablesResolver={variables} defaultColorScheme="auto" getStyleNonce={nonce}>
        <QueryClientProvider client={queries}>
          <Suspense>
            <Notices />
            <AskAgain />
          </Suspense>
          <RouterProvider router={router} />
        </QueryClientProvider>
      </MantineProvider>
    </StrictMode>,
  );
}
