import { Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { scenariosQuery } from "../scenarios/reads";

export function ScenarioSelect({
  org,
  project,
  value,
  change,
}: {
  org: string;
  project: string | null;
  value: string | null;
  change: (scenario: string | null) => void;
}) {
  const { t } = useTranslation();
  const { data: scenarios = [] } = useQuery({ ...scenariosQuery(org, project ?? ""), enabled: project !== null });
  const names = scenarios.map(({ name }) => name);
  return (
    <Select
      label={t("endpoints.scenario")}
      description={t("endpoints.scenarioHint")}
      placeholder={t("endpoints.noScenario")}
      // What an endpoint goes by is shown also where the list is not read yet.
      data={value && !names.includes(value) ? [value, ...names] : names}
      value={value}
      onChange={change}
      clearable
      clearButtonProps={{ "aria-label": t("endpoints.noScenario") }}
      searchable={names.length > 8}
    />
  );
}
