/** One alert and its calls, read again for as long as phones ring about it. */
import { useQuery } from "@tanstack/react-query";
import type { AlertCall, CallView } from "../../api/schema";
import { alertQuery, callsOfAlertQuery, memberNamesQuery, type Story } from "./queries";

/** The stream of events says what changes; this is for the time in which it is not there. */
const WHILE_IT_RINGS = 2_000;

export interface LiveAlert {
  alert: Story | undefined;
  calls: CallView[];
  /** When it was read. */
  at: number;
  error: Error | null;
  retry: () => void;
  nameOf: (email: string) => string;
  /** Whom a call of this id is to reach. */
  whoIs: (id: string) => string;
}

const rings = ({ status }: AlertCall) => status === "queued" || status === "calling";

export function useLiveAlert(org: string, id: string, every = WHILE_IT_RINGS): LiveAlert {
  const story = useQuery({
    ...alertQuery(org, id),
    refetchInterval: ({ state: { data } }) => (data?.calls.some(rings) ? every : false),
  });
  const isRinging = story.data?.calls.some(rings) ?? false;
  const calls = useQuery({ ...callsOfAlertQuery(org, id), refetchInterval: isRinging ? every : false });
  const { data: names } = useQuery(memberNamesQuery(org));
  const whole = calls.data?.items ?? [];
  return {
    alert: story.data,
    calls: whole,
    at: story.dataUpdatedAt,
    error: story.error,
    retry: () => void story.refetch(),
    nameOf: (email) => names?.[email] ?? email,
    whoIs: (call) => {
      const person = story.data?.calls.find((called) => called.id === call);
      return person?.display_name || person?.destination || whole.find((it) => it.id === call)?.destination || "…";
    },
  };
}
