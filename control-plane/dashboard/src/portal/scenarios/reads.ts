/** What is read of scenarios, and what is tried with them. */
import { queryOptions } from "@tanstack/react-query";
import { type Asked, api, take } from "../../api/client";
import { exact, exactly } from "../../api/exact";
import { ApiError } from "../../api/problem";
import type { DryRun, DryRunWish, ScenarioDocument } from "../../api/schema";
import { gathered } from "../projects/gathered";
import { sent, withDigits } from "./rules";

/** All of them: a project has at most 100. */
export const scenariosQuery = (org: string, project: string) =>
  queryOptions({
    queryKey: ["scenarios", org, project],
    queryFn: () =>
      gathered((after) =>
        take(
          api.GET("/api/v1/projects/{id}/scenarios", {
            params: { path: { id: project }, query: { org, limit: 200, ...(after ? { after } : {}) } },
          }),
        ),
      ),
  });

/** A scenario that was answered as a text, with all digits. */
export async function asStored(asked: Asked<string>): Promise<ScenarioDocument> {
  const read = exact(await take(asked)) as ScenarioDocument;
  return { ...read, rule: withDigits(read.rule) };
}

/** One; null where there is none of this name yet. */
export const scenarioQuery = (org: string, project: string, name: string) =>
  queryOptions({
    queryKey: ["scenario", org, project, name],
    queryFn: async (): Promise<ScenarioDocument | null> => {
      try {
        const asked = api.GET("/api/v1/projects/{id}/scenarios/{name}", {
          params: { path: { id: project, name }, query: { org } },
          parseAs: "text",
        });
        return await asStored(asked);
      } catch (error) {
        if (error instanceof ApiError && error.code === "unknown_scenario") {
          return null;
        }
        throw error;
      }
    },
  });

export const dryRunQuery = (org: string, scenario: string, wish: DryRunWish) =>
  queryOptions({
    queryKey: ["dry-run", org, scenario, JSON.stringify(wish)],
    queryFn: async () => {
      const asked = api.POST("/api/v1/scenarios/{id}/dry-run", {
        params: { path: { id: scenario }, query: { org } },
        body: wish,
        bodySerializer: ({ rule, ...payload }) => exactly(rule ? { ...payload, rule: sent(rule) } : payload),
        parseAs: "text",
      });
      return exact(await take(asked)) as DryRun;
    },
    // How trunks stand changes, and so does what would hold a call back.
    staleTime: 5_000,
    gcTime: 60_000,
  });
