import { Group, NativeSelect, SegmentedControl } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { api, said, take } from "../../api/client";
import { oneOf } from "../../api/words";
import { Failure } from "../../ui/failure";
import { Loading, Page } from "../../ui/page";
import { projectChoiceQuery } from "../alerts/queries";
import { useOrganization } from "../organization";

/** Drawing takes more code than all else here: it comes while the figures are read. */
const Plots = lazy(async () => ({ default: (await import("./plots")).Plots }));

const PERIODS = [1, 7, 30, 90] as const;
type Days = (typeof PERIODS)[number] | undefined;

export function FiguresPage() {
  const { t } = useTranslation();
  const { org } = useOrganization();
  const { days = 7, project } = useSearch({ from: "/signed-in/o/$org/figures" });
  const navigate = useNavigate();
  const go = (search: { days?: Days; project?: string | undefined }) =>
    void navigate({ to: "/o/$org/figures", params: { org }, search: { days, project, ...search } });
  const { data: projects = [] } = useQuery(projectChoiceQuery(org));
  const { data, error, refetch } = useQuery({
    queryKey: ["figures", org, { days, project }],
    queryFn: () =>
      take(api.GET("/api/v1/figures", { params: { query: said({ org, days: `${days}` as const, project }) } })),
    placeholderData: keepPreviousData,
    staleTime: 30_000,
  });
  const waiting = <Loading rows={3} height={280} />;
  return (
    <Page title={t("figures.title")}>
      <Group gap="xs" component="search" aria-label={t("figures.period")}>
        <SegmentedControl
          aria-label={t("figures.period")}
          value={String(days)}
          onChange={(chosen) => go({ days: oneOf(PERIODS, Number(chosen)) })}
          data={PERIODS.map((count) => ({ value: String(count), label: t("figures.days", { count }) }))}
        />
        <NativeSelect
          aria-label={t("figures.project")}
          value={project ?? ""}
          onChange={(event) => go({ project: event.currentTarget.value || undefined })}
          data={[
            { value: "", label: t("figures.everyProject") },
            ...projects.map(({ slug }) => ({ value: slug, label: slug })),
          ]}
        />
      </Group>
      {data ? (
        <Suspense fallback={waiting}>
          <Plots figures={data} />
        </Suspense>
      ) : error ? (
        <Failure error={error} retry={() => void refetch()} />
      ) : (
        waiting
      )}
    </Page>
  );
}
