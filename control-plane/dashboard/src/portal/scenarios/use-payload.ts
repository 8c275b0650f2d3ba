/** The payload that rules are tried with: a request that has arrived, or one that was pasted. */
import { useQueries, useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { exact } from "../../api/exact";
import type { DryRunWish, RequestSummary } from "../../api/schema";
import { allEndpointsQuery, requestQuery, requestsQuery } from "../endpoints/reads";
import type { Place } from "./draft";
import { viewOf } from "./fields";

/** Of so many endpoints the latest requests are offered, those that go by the scenario first. */
const MOST_ENDPOINTS = 6;
const MOST_REQUESTS = 30;

export const PASTED = "pasted";

/** What was pasted: JSON, or a text that is taken as the raw body. */
export function readPasted(text: string): { payload: unknown; isJson: boolean } {
  try {
    const payload = exact(text);
    // A JSON text alone would be taken for a raw body, which it then is.
    return { payload: typeof payload === "string" ? text : payload, isJson: typeof payload !== "string" };
  } catch {
    return { payload: text, isJson: false };
  }
}

export function usePayload({ org, project, name }: Place, wanted: string | undefined, governs: boolean) {
  const [chosen, choose] = useState<string | null>(wanted ?? null);
  const [text, setText] = useState("");
  const endpoints = useQuery({ ...allEndpointsQuery(org, project), enabled: governs });
  const looked = useMemo(() => {
    const goesBy = (endpoint: { scenario?: string | null }) => (endpoint.scenario === name ? 0 : 1);
    return [...(endpoints.data ?? [])].sort((one, other) => goesBy(one) - goesBy(other)).slice(0, MOST_ENDPOINTS);
  }, [endpoints.data, name]);
  const lists = useQueries({ queries: looked.map(({ id }) => requestsQuery(org, id, undefined, 10)) });
  const requests: RequestSummary[] = lists
    .flatMap(({ data }) => data?.items ?? [])
    .sort((one, other) => other.received_at.localeCompare(one.received_at))
    .slice(0, MOST_REQUESTS);
  const areRead = !governs || (endpoints.isFetched && lists.every(({ isFetched }) => isFetched));
  if (chosen === null && areRead) {
    // The latest as of now: what arrives from here on takes nobody's payload away.
    choose(requests[0]?.id ?? PASTED);
  }
  const current = chosen ?? PASTED;
  const isPasted = current === PASTED;
  const request = useQuery({ ...requestQuery(org, current), enabled: !isPasted });
  const pasted = useMemo(() => (text.trim() === "" ? null : readPasted(text)), [text]);
  const wish: DryRunWish | null = isPasted
    ? pasted && {
        // As it stands: whoever reads it keeps more digits than a number here would.
        payload: text,
        content_type: pasted.isJson ? "application/json" : "text/plain",
      }
    : { request_id: current };
  return {
    current,
    choose,
    text,
    /** Whoever types has chosen what they type. */
    paste: (typed: string) => {
      setText(typed);
      choose(PASTED);
    },
    isPasted,
    isJson: pasted?.isJson ?? true,
    requests,
    request,
    areRead,
    wish,
    /** What rules see of it, as far as it is known without a dry run. */
    view: isPasted ? (pasted ? viewOf(pasted.payload) : null) : (request.data?.fields ?? null),
    users: endpoints.data?.filter(({ scenario }) => scenario === name) ?? null,
  };
}

export type PayloadChoice = ReturnType<typeof usePayload>;
