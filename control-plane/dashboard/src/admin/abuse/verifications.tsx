import { useTranslation } from "react-i18next";
import type { AbuseSignals } from "../../api/schema";
import { useFigures } from "../figures";
import type { Column } from "../list";
import { Signal } from "./signal";

type Row = AbuseSignals["verifications"][number];

/** The country's name, where the browser knows it. */
function nameOf(country: string, language: string): string {
  try {
    return new Intl.DisplayNames(language, { type: "region" }).of(country) ?? country;
  } catch {
    return country;
  }
}

/** Calls that speak codes, by country: many that nobody types in are traffic that somebody is paid for. */
export function Verifications({ rows }: { rows: Row[] }) {
  const { t, i18n } = useTranslation();
  const { whole, percent } = useFigures();
  const columns: Column<Row>[] = [
    {
      title: t("admin.abuse.country"),
      bare: true,
      cell: (it) => <span className="inert">{nameOf(it.country, i18n.language)}</span>,
    },
    { title: t("admin.abuse.calls"), number: true, cell: (it) => whole(it.calls) },
    { title: t("admin.abuse.verified"), number: true, cell: (it) => whole(it.verified) },
    {
      title: t("admin.abuse.share"),
      number: true,
      cell: (it) => percent(it.calls === 0 ? null : it.verified / it.calls),
    },
  ];
  return (
    <Signal
      title={t("admin.abuse.verifications.title")}
      hint={t("admin.abuse.verifications.hint")}
      columns={columns}
      rows={rows}
      keyOf={(it) => it.country}
    />
  );
}
