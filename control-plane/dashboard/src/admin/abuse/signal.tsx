import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Section } from "../../ui/section";
import { type Column, List } from "../list";

/** One kind of signal: what it means, and whom it is about. */
export function Signal<Row>({
  title,
  hint,
  columns,
  rows,
  keyOf,
}: {
  title: string;
  hint: string;
  columns: Column<Row>[];
  rows: Row[];
  keyOf: (row: Row) => string;
}) {
  const { t } = useTranslation();
  return (
    <Section title={title} hint={hint}>
      {rows.length === 0 ? (
        <Text size="sm">{t("admin.abuse.nothing")}</Text>
      ) : (
        <List label={title} columns={columns} rows={rows} keyOf={keyOf} />
      )}
    </Section>
  );
}
