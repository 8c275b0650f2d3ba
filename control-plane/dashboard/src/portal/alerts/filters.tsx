import { NativeSelect, SegmentedControl, SimpleGrid, Stack } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { ALERT_STATES, oneOf, SEVERITIES } from "../../api/words";
import { type AlertSearch, projectChoiceQuery } from "./queries";

/** Which alerts are shown. It stands in the address: a filtered list can be passed on. */
export function Filters({ org, search, go }: { org: string; search: AlertSearch; go: (to: AlertSearch) => void }) {
  const { t } = useTranslation();
  const { data: projects = [] } = useQuery(projectChoiceQuery(org));
  // A filter begins at the newest.
  const set = (change: AlertSearch) => go({ ...search, after: undefined, ...change });
  return (
    <Stack gap="xs" component="search" aria-label={t("alerts.filter.label")}>
      <SegmentedControl
        fullWidth
        aria-label={t("alerts.filter.state")}
        value={search.state ?? ""}
        onChange={(state) => set({ state: oneOf(ALERT_STATES, state) })}
        data={[
          { value: "", label: t("alerts.filter.all") },
          ...ALERT_STATES.map((state) => ({ value: state, label: t(`alerts.filter.${state}`) })),
        ]}
      />
      <SimpleGrid cols={2} spacing="xs" maw={{ sm: 480 }}>
        <NativeSelect
          aria-label={t("alerts.filter.project")}
          value={search.project ?? ""}
          onChange={(event) => set({ project: event.currentTarget.value || undefined })}
          data={[
            { value: "", label: t("alerts.filter.everyProject") },
            ...projects.map(({ slug }) => ({ value: slug, label: slug })),
          ]}
        />
        <NativeSelect
          aria-label={t("alerts.filter.severity")}
          value={search.severity ?? ""}
          onChange={(event) => set({ severity: oneOf(SEVERITIES, event.currentTarget.value) })}
          data={[
            { value: "", label: t("alerts.filter.everySeverity") },
            ...SEVERITIES.map((severity) => ({ value: severity, label: t(`codes.severity.${severity}`) })),
          ]}
        />
      </SimpleGrid>
    </Stack>
  );
}
