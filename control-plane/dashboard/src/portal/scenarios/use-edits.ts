/** The rules while they are edited: kept in this tab, saved against the version that was read. */
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState } from "react";
import { api } from "../../api/client";
import { ApiError } from "../../api/problem";
import type { Rule, ScenarioDocument } from "../../api/schema";
import { draftAt, dropDraft, keepDraft, type Place } from "./draft";
import { asStored, scenarioQuery } from "./reads";
import { type At, bodyOf, edited, ruleNamedIn, sameRules, written } from "./rules";

/** The version that edits began with; null where there was none. */
interface Base {
  version: string | null;
  rules: Rule[];
}

/** What the API said of rules that it did not take. */
export interface Refusal {
  rule: number | null;
  error: unknown;
}

const baseOf = (stored: ScenarioDocument | null): Base => ({
  version: stored?.version ?? null,
  rules: stored?.rule ?? [],
});

export function useEdits(place: Place, stored: ScenarioDocument | null, account: string) {
  const queries = useQueryClient();
  const [begun] = useState(() => draftAt(place, account));
  const [restored, setRestored] = useState(begun?.at ?? null);
  const [base, setBase] = useState<Base>(() =>
    begun ? { version: begun.version, rules: begun.base } : baseOf(stored),
  );
  const [rules, setRules] = useState(() => edited(begun?.rules ?? stored?.rule ?? []));
  const [at, setAt] = useState<At | null>(null);
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const [isSaving, setSaving] = useState(false);
  const [isComparing, setComparing] = useState(false);
  const [isKept, setKept] = useState(true);
  const now = useMemo(() => written(rules), [rules]);
  const isDirty = !sameRules(now, base.rules);
  const first = useRef(rules);

  useEffect(() => {
    if (!isDirty) {
      dropDraft(place);
      setRestored(null);
    } else if (rules !== first.current) {
      const draft = { account, version: base.version, base: base.rules, rules: now, at: new Date().toISOString() };
      setKept(keepDraft(place, draft));
    }
  }, [isDirty, rules, now, base, place, account]);

  const isNewer = (stored?.version ?? null) !== base.version;
  useEffect(() => {
    // Nobody has edited anything: what others save is taken over as it comes.
    if (isNewer && !isDirty && !isSaving) {
      setBase(baseOf(stored));
      setRules(edited(stored?.rule ?? []));
    }
  }, [isNewer, isDirty, isSaving, stored]);

  const { queryKey } = scenarioQuery(place.org, place.project, place.name);

  const take_ = async (saved: ScenarioDocument) => {
    // What was asked before the write may be answered after it, with what is no more.
    await queries.cancelQueries({ queryKey });
    setBase(baseOf(saved));
    queries.setQueryData(queryKey, saved);
    void queries.invalidateQueries({ queryKey: ["scenarios", place.org, place.project] });
  };

  /** Whether they are saved; what hinders it is shown. */
  const save = async (wanted: Rule[] = now, version = stored && base.version): Promise<boolean> => {
    setSaving(true);
    setRefusal(null);
    try {
      await queries.cancelQueries({ queryKey });
      const saved = await put(place, wanted, version);
      await take_(saved);
      if (wanted !== now) {
        setRules(edited(saved.rule));
      }
      return true;
    } catch (error) {
      const code = error instanceof ApiError ? error.code : null;
      if (code === "stale" || code === "unknown_scenario") {
        await queries.refetchQueries({ queryKey });
        setComparing(code === "stale");
      } else {
        const isOfRules = error instanceof ApiError && code === "bad_scenario";
        setRefusal({ rule: isOfRules ? ruleNamedIn(error.problem.detail, wanted) : null, error });
      }
      return false;
    } finally {
      setSaving(false);
    }
  };

  return {
    rules,
    now,
    base,
    at,
    setAt,
    isDirty,
    isKept,
    isSaving,
    isNewer,
    isComparing,
    restored,
    refusal,
    save,
    compare: setComparing,
    edit: (change: (rules: typeof first.current) => typeof first.current) => {
      setRefusal(null);
      setRules(change);
    },
    /** Goes on from these rules, as edits of the version that is stored now. */
    goOnWith: (wanted: Rule[]) => {
      setBase(baseOf(stored));
      setRules(edited(wanted));
      setRefusal(null);
    },
    /** Back to what is stored. */
    drop: () => {
      dropDraft(place);
      setBase(baseOf(stored));
      setRules(edited(stored?.rule ?? []));
      setRestored(null);
      setRefusal(null);
    },
  };
}

export type Edits = ReturnType<typeof useEdits>;

async function put({ org, project: id, name }: Place, rules: Rule[], version: string | null) {
  return asStored(
    api.PUT("/api/v1/projects/{id}/scenarios/{name}", {
      params: {
        path: { id, name },
        query: { org },
        header: version === null ? { "If-None-Match": "*" } : { "If-Match": `"${version}"` },
      },
      body: { rule: rules },
      bodySerializer: () => bodyOf(rules),
      parseAs: "text",
    }),
  );
}
