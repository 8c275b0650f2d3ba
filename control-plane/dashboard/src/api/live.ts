/** What changes, as it changes: server-sent events of one organization. */
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { renew } from "./gate";

/** How the page hears of changes. */
export type Line = "live" | "connecting" | "offline";

/** One change. Everything that shows what is named is read again. */
interface Change {
  kind: string;
  id?: string;
}

/** Which of the things that were read a change makes old. */
const TOUCHED: Record<string, string[]> = {
  alert: ["alerts", "alert", "calls", "call", "figures"],
  request: ["requests", "request"],
};

const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 30_000;
/** Changes come in bursts: what they touch is read again once for all of them. */
const GATHERING = 250;

/** Follows an organization, and has everything that it touches read again. */
export function useLive(org: string): Line {
  const queries = useQueryClient();
  const [line, setLine] = useState<Line>("connecting");
  useEffect(() => {
    let stream: EventSource | null = null;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let gathering: ReturnType<typeof setTimeout> | undefined;
    let pause = FIRST_PAUSE;
    const touched = new Set<string>();
    const readAgain = (keys: string[]) => {
      for (const key of keys) {
        touched.add(key);
      }
      gathering ??= setTimeout(() => {
        gathering = undefined;
        for (const key of touched) {
          void queries.invalidateQueries({ queryKey: [key, org] });
        }
        touched.clear();
      }, GATHERING);
    };
    const everything = () => readAgain(Object.values(TOUCHED).flat());
    const later = () => {
      stream?.close();
      stream = null;
      setLine(navigator.onLine ? "connecting" : "offline");
      clearTimeout(timer);
      timer = setTimeout(
        () => {
          // The token that opened the stream may have expired: new cookies first.
          renew()
            .catch(() => false)
            .finally(connect);
        },
        pause * (0.5 + Math.random() / 2),
      );
      pause = Math.min(pause * 2, LONGEST_PAUSE);
    };
    const connect = () => {
      stream?.close();
      stream = new EventSource(`/api/v1/events?org=${encodeURIComponent(org)}`);
      stream.addEventListener("hello", () => {
        pause = FIRST_PAUSE;
        setLine("live");
        // Whatever happened while nobody listened.
        everything();
      });
      stream.addEventListener("change", (event) => {
        const change: Change = JSON.parse((event as MessageEvent<string>).data);
        readAgain(TOUCHED[change.kind] ?? Object.values(TOUCHED).flat());
      });
      stream.addEventListener("resync", everything);
      stream.addEventListener("bye", later);
      stream.addEventListener("error", later);
    };
    const online = () => {
      pause = FIRST_PAUSE;
      connect();
    };
    const offline = () => setLine("offline");
    addEventListener("online", online);
    addEventListener("offline", offline);
    connect();
    return () => {
      removeEventListener("online", online);
      removeEventListener("offline", offline);
      clearTimeout(timer);
      clearTimeout(gathering);
      stream?.close();
    };
  }, [org, queries]);
  return line;
}
