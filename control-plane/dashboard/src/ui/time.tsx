import { Tooltip } from "@mantine/core";
import { createContext, useContext, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { dates, distances, measure } from "../texts/regional";

/** The time zone of the organization that is looked at; null outside of one, and where the browser does not know it. */
export const Zone = createContext<string | null>(null);

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Whether the browser knows the zone: what the control plane knows may be younger. */
export function isZone(name: string): boolean {
  try {
    return Boolean(Intl.DateTimeFormat(undefined, { timeZone: name }));
  } catch {
    return false;
  }
}

/** The moment in the viewer's zone, whole. `timeZone` is one that the browser knows. */
export function moment(at: string, language: string, timeZone?: string): string {
  const options: Intl.DateTimeFormatOptions = { dateStyle: "medium", timeStyle: "medium" };
  return dates(language, timeZone ? { ...options, timeZone } : options).format(new Date(at));
}

/** How long ago, or in how long. */
export function ago(at: string, language: string, now = Date.now()): string {
  const seconds = Math.round((new Date(at).getTime() - now) / 1000);
  const size = Math.abs(seconds);
  const relative = distances(language, { numeric: "auto", style: "short" });
  if (size < MINUTE) {
    return relative.format(seconds, "second");
  }
  if (size < HOUR) {
    return relative.format(Math.trunc(seconds / MINUTE), "minute");
  }
  if (size < DAY) {
    return relative.format(Math.trunc(seconds / HOUR), "hour");
  }
  return relative.format(Math.trunc(seconds / DAY), "day");
}

/** A length of time: `4 s`, `2 min 5 s`. */
export function duration(milliseconds: number, language: string): string {
  const seconds = milliseconds / 1000;
  if (seconds < MINUTE) {
    return measure(seconds, "second", language);
  }
  const whole = Math.round(seconds);
  return `${measure(Math.trunc(whole / MINUTE), "minute", language)} ${measure(whole % MINUTE, "second", language)}`;
}

/** Now, looked at again from time to time. */
export function useNow(every = 10_000): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), every);
    return () => clearInterval(timer);
  }, [every]);
  return now;
}

/** A moment: how long ago or when, in the viewer's zone; in the organization's on hover and touch. */
export function Time({ at, absolute = false }: { at: string; absolute?: boolean }) {
  const { t, i18n } = useTranslation();
  const zone = useContext(Zone);
  const now = useNow();
  const here = moment(at, i18n.language);
  const there = zone ? t("common.time.organization", { time: moment(at, i18n.language, zone), zone }) : null;
  return (
    <Tooltip
      label={there ? `${here} · ${there}` : here}
      events={{ hover: true, focus: true, touch: true }}
      multiline
      maw={320}
    >
      <time dateTime={at}>{absolute ? here : ago(at, i18n.language, now)}</time>
    </Tooltip>
  );
}
