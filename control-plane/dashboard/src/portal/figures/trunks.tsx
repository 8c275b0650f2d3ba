import { BarChart } from "@mantine/charts";
import { useTranslation } from "react-i18next";
import type { Figures, TrunkOutcomes } from "../../api/schema";
import { numbers } from "../../texts/regional";
import { Legend, Patterns, type Series } from "./patterns";
import { Plot } from "./plot";

/** How each trunk does: which part of its attempts came to what. */
export function Trunks({ figures }: { figures: Figures }) {
  const { trunks } = figures;
  const { t, i18n } = useTranslation();
  const percent = numbers(i18n.language, { style: "percent", maximumFractionDigits: 1 });
  const name = ({ pbx, trunk }: TrunkOutcomes) => `${trunk}, ${pbx}`;
  const data = trunks.map((trunk) => ({
    name: name(trunk),
    answered: trunk.answered,
    callee: trunk.busy + trunk.no_answer + trunk.rejected,
    failed: trunk.failed,
    refused: trunk.refused,
  }));
  const series: Series[] = [
    { name: "answered", label: t("figures.trunks.answered"), color: "--good", pattern: "solid" },
    { name: "callee", label: t("figures.trunks.callee"), color: "--off", pattern: "stripes" },
    { name: "failed", label: t("figures.trunks.failed"), color: "--bad", pattern: "cross" },
    { name: "refused", label: t("figures.trunks.refused"), color: "--held", pattern: "dots" },
  ];
  const share = ({ attempts, answered }: TrunkOutcomes) => (attempts > 0 ? percent.format(answered / attempts) : "–");
  return (
    <Plot
      title={t("figures.trunks.title")}
      hint={t("figures.trunks.hint")}
      empty={trunks.every(({ attempts }) => attempts === 0) ? t("figures.trunks.none") : null}
      rows={{
        head: [
          t("figures.trunks.trunk"),
          t("figures.trunks.attempts"),
          t("figures.trunks.share"),
          t("figures.trunks.answered"),
          t("figures.trunks.busy"),
          t("figures.trunks.no_answer"),
          t("figures.trunks.rejected"),
          t("figures.trunks.failed"),
          t("figures.trunks.refused"),
        ],
        body: trunks.map((trunk) => [
          name(trunk),
          trunk.attempts,
          share(trunk),
          trunk.answered,
          trunk.busy,
          trunk.no_answer,
          trunk.rejected,
          trunk.failed,
          trunk.refused,
        ]),
      }}
    >
      <Legend plot="trunks" series={series} />
      <BarChart
        h={60 + trunks.length * 46}
        mt="sm"
        data={data}
        dataKey="name"
        type="percent"
        orientation="vertical"
        series={series.map((one) => ({ name: one.name, label: one.label, color: `var(${one.color})` }))}
        yAxisProps={{ width: 116 }}
        maxBarWidth={28}
        tooltipAnimationDuration={0}
        barProps={({ name }) => ({
          fill: `url(#trunks-${name})`,
          isAnimationActive: false,
          stroke: "var(--paper)",
          strokeOpacity: 1,
        })}
        role="group"
        aria-label={t("figures.trunks.title")}
      >
        <Patterns plot="trunks" series={series} />
      </BarChart>
    </Plot>
  );
}
