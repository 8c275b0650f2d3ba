/** Tries the rules as they are edited, a moment after the last change. */
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { DryRunWish, Rule } from "../../api/schema";
import type { Place } from "./draft";
import { dryRunQuery, scenariosQuery } from "./reads";

const PAUSE = 400;

export function useTrial(
  place: Place,
  scenario: string | undefined,
  rules: Rule[] | null,
  payload: DryRunWish | null,
) {
  // The rules are given along, so that any scenario of the project can try those of one that is not saved yet.
  const others = useQuery({ ...scenariosQuery(place.org, place.project), enabled: scenario === undefined });
  const id = scenario ?? others.data?.find((other) => other.id)?.id;
  const wish = useMemo(() => (rules && payload ? { ...payload, rule: rules } : null), [rules, payload]);
  const text = JSON.stringify(wish);
  const [settled] = useDebouncedValue(text, PAUSE);
  const query = useQuery({
    ...dryRunQuery(place.org, id ?? "", JSON.parse(settled) ?? {}),
    enabled: id !== undefined && settled !== "null" && wish !== null,
    placeholderData: keepPreviousData,
  });
  const hinderedBy =
    rules === null ? "mend" : payload === null ? "waiting" : id === undefined && !others.isPending ? "first" : null;
  return {
    hinderedBy: hinderedBy as "mend" | "waiting" | "first" | null,
    dry: query.data ?? null,
    /** What is shown is of the rules and the payload as they are. */
    isCurrent: settled === text && !query.isPlaceholderData && query.data !== undefined,
    error: query.error,
    again: () => void query.refetch(),
  };
}

export type Trial = ReturnType<typeof useTrial>;
