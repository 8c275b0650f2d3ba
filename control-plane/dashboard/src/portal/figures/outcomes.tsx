import { BarChart } from "@mantine/charts";
import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Outcomes as Bucket, Figures } from "../../api/schema";
import { dates } from "../../texts/regional";
import { Legend, type Pattern, Patterns, type Series } from "./patterns";
import { Plot } from "./plot";

type Outcome = Exclude<keyof Bucket, "at">;

const LOOKS: Record<Outcome, { color: string; pattern: Pattern }> = {
  acknowledged: { color: "--good", pattern: "solid" },
  answered: { color: "--fair", pattern: "stripes" },
  exhausted: { color: "--bad", pattern: "cross" },
  expired: { color: "--late", pattern: "dots" },
  cancelled: { color: "--off", pattern: "lines" },
  blocked: { color: "--held", pattern: "back" },
};
const OUTCOMES = Object.keys(LOOKS) as Outcome[];

/** Calls by outcome over time. */
export function Outcomes({ figures: { outcomes, step } }: { figures: Figures }) {
  const { t, i18n } = useTranslation();
  const format = dates(
    i18n.language,
    step === "hour" ? { hour: "2-digit", minute: "2-digit" } : { day: "numeric", month: "short" },
  );
  const whole = dates(
    i18n.language,
    step === "hour" ? { dateStyle: "medium", timeStyle: "short" } : { dateStyle: "medium" },
  );
  const series: Series[] = OUTCOMES.map((name) => ({ name, label: t(`codes.callStatus.${name}`), ...LOOKS[name] }));
  const sum = (names: Outcome[]) =>
    outcomes.reduce((all, bucket) => all + names.reduce((part, name) => part + bucket[name], 0), 0);
  const total = sum(OUTCOMES);
  // The names of the hours repeat where a clock is set back: the moment itself tells them apart.
  const data = outcomes.map((bucket) => ({ ...bucket }));
  return (
    <Plot
      title={t("figures.outcomes.title")}
      hint={t("figures.outcomes.hint")}
      empty={total === 0 ? t("figures.none") : null}
      summary={
        <Text>{t("figures.outcomes.summary", { count: total, taken: sum(["acknowledged", "answered"]) })}</Text>
      }
      rows={{
        head: [
          t(step === "hour" ? "figures.outcomes.hour" : "figures.outcomes.day"),
          ...series.map((one) => one.label),
        ],
        body: outcomes
          .filter((bucket) => OUTCOMES.some((name) => bucket[name] > 0))
          .map((bucket) => [whole.format(new Date(bucket.at)), ...OUTCOMES.map((name) => bucket[name])]),
      }}
    >
      <Legend plot="outcomes" series={series} />
      <BarChart
        h={300}
        mt="sm"
        data={data}
        dataKey="at"
        type="stacked"
        series={series.map((one) => ({ name: one.name, label: one.label, color: `var(${one.color})` }))}
        xAxisProps={{ tickFormatter: (at: string) => format.format(new Date(at)), minTickGap: 16 }}
        yAxisProps={{ allowDecimals: false, width: 36 }}
        tooltipProps={{ labelFormatter: (at) => (typeof at === "string" ? whole.format(new Date(at)) : "") }}
        tooltipAnimationDuration={0}
        barProps={({ name }) => ({
          fill: `url(#outcomes-${name})`,
          isAnimationActive: false,
          // Of many bars each is too thin for an edge.
          ...(outcomes.length > 31 ? {} : { stroke: "var(--paper)", strokeOpacity: 1 }),
        })}
        role="group"
        aria-label={t("figures.outcomes.title")}
      >
        <Patterns plot="outcomes" series={series} />
      </BarChart>
    </Plot>
  );
}
