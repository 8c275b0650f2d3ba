import { BarChart } from "@mantine/charts";
import { Group, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Figures } from "../../api/schema";
import { measure } from "../../texts/regional";
import { duration } from "../../ui/time";
import { Patterns, type Series } from "./patterns";
import { Plot } from "./plot";

type Bucket = Figures["answer_times"][number];

/** Whether a time lies in the bucket that ends with `upto` and begins where the one before ends. */
function holds(buckets: Bucket[], index: number, seconds: number): boolean {
  const from = buckets[index - 1]?.upto_seconds ?? 0;
  const upto = buckets[index]?.upto_seconds ?? Number.POSITIVE_INFINITY;
  return seconds > from && seconds <= upto;
}

/** Where one bucket ends and the next begins: in seconds, or in minutes where those are whole. */
function edgeOf(seconds: number, language: string): string {
  const [value, unit] = seconds >= 120 ? [seconds / 60, "minute"] : [seconds, "second"];
  return measure(value, unit, language, "narrow");
}

/** Time to answer: how it is distributed, its median and its 90th percentile. */
export function Answers({ figures: { answer_times, median_seconds, p90_seconds } }: { figures: Figures }) {
  const { t, i18n } = useTranslation();
  const said = (seconds: number) => duration(seconds * 1000, i18n.language);
  const edge = (seconds: number) => edgeOf(seconds, i18n.language);
  const label = (index: number) => {
    const from = answer_times[index - 1]?.upto_seconds;
    const to = answer_times[index]?.upto_seconds;
    if (to == null) {
      return t("figures.answers.over", { from: edge(from ?? 0) });
    }
    return from == null
      ? t("figures.answers.upto", { to: edge(to) })
      : t("figures.answers.range", { from: edge(from), to: edge(to) });
  };
  const data = answer_times.map(({ calls }, index) => ({ name: label(index), calls }));
  const series: Series = { name: "calls", label: t("figures.answers.calls"), color: "--good", pattern: "solid" };
  const bucketOf = (seconds: number | null | undefined) =>
    seconds == null ? -1 : answer_times.findIndex((_, at) => holds(answer_times, at, seconds));
  const [median, p90] = [bucketOf(median_seconds), bucketOf(p90_seconds)];
  const [medianText, p90Text] = [t("figures.answers.medianLine"), t("figures.answers.p90Line")];
  // One above the other nobody could read.
  const marks =
    median === p90
      ? [{ at: median, label: `${medianText}, ${p90Text}` }]
      : [
          { at: median, label: medianText },
          { at: p90, label: p90Text },
        ];
  const lines = marks.flatMap(({ at, label }) => {
    const x = data[at]?.name;
    return x === undefined ? [] : [{ x, label, color: "var(--mantine-color-text)", labelPosition: "top" as const }];
  });
  const total = answer_times.reduce((sum, { calls }) => sum + calls, 0);
  return (
    <Plot
      title={t("figures.answers.title")}
      hint={t("figures.answers.hint")}
      empty={total === 0 ? t("figures.answers.none") : null}
      summary={
        <Group gap="xl">
          <Figure name={t("figures.answers.median")} value={median_seconds == null ? "–" : said(median_seconds)} />
          <Figure name={t("figures.answers.p90")} value={p90_seconds == null ? "–" : said(p90_seconds)} />
        </Group>
      }
      rows={{
        head: [t("figures.answers.column"), t("figures.answers.calls")],
        body: data.map(({ name, calls }) => [name, calls]),
      }}
    >
      <BarChart
        h={280}
        data={data}
        dataKey="name"
        series={[{ name: "calls", label: series.label, color: `var(${series.color})` }]}
        referenceLines={lines}
        xAxisProps={{ minTickGap: 12 }}
        yAxisProps={{ allowDecimals: false, width: 36 }}
        barChartProps={{ margin: { top: 24 } }}
        tooltipAnimationDuration={0}
        barProps={({ name }) => ({ fill: `url(#answers-${name})`, isAnimationActive: false })}
        role="group"
        aria-label={t("figures.answers.title")}
      >
        <Patterns plot="answers" series={[series]} />
      </BarChart>
    </Plot>
  );
}

function Figure({ name, value }: { name: string; value: string }) {
  return (
    <Stack gap={0}>
      <Text size="sm" c="dimmed">
        {name}
      </Text>
      <Text size="xl" fw={700} className="digits">
        {value}
      </Text>
    </Stack>
  );
}
