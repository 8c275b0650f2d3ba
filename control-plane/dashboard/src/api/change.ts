import type { QueryKey } from "@tanstack/react-query";

/** Something of an organization that is new or different: what the stream of events names. */
export interface Change {
  kind: "alert" | "call" | "request";
  id: string;
  project_id: string;
  /** Of a call, and of a request that belongs to one. */
  alert_id?: string;
}

/** What a page reads that somebody's call, press or program may make old at any moment. */
const LIVES = ["alerts", "alert", "calls", "call", "requests", "request", "figures"];

const isOf = (data: unknown, alert: string) =>
  typeof data === "object" && data !== null && "alert_id" in data && data.alert_id === alert;

/** Of lists that are one alert's, whether they are another's. */
const isOfAnother = (of: unknown, alert: string | undefined) =>
  typeof of === "object" && of !== null && "alert" in of && of.alert !== alert;

/** Whether what was read, by its key `[what, org, of, …]`, shows what has changed; where nobody knows what that was, whatever may. */
export function shows([what, , of]: QueryKey, data: unknown, change: Change | null): boolean {
  switch (change?.kind) {
    // What happens to an alert is told of it too: requests that repeat it, calls that end. Calls say what it is like.
    case "alert":
      return (
        what === "alerts" ||
        (what === "alert" && of === change.id) ||
        (what === "calls" && !isOfAnother(of, change.id)) ||
        (what === "call" && isOf(data, change.id))
      );
    case "call":
      return (
        what === "figures" ||
        (what === "calls" && !isOfAnother(of, change.alert_id)) ||
        (what === "call" && of === change.id) ||
        (what === "alert" && of === change.alert_id)
      );
    case "request":
      return (what === "requests" && !isOfAnother(of, change.alert_id)) || (what === "request" && of === change.id);
    default:
      return LIVES.some((lives) => lives === what);
  }
}
