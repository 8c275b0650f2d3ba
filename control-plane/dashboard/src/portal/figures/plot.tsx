import { Box } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Empty } from "../../ui/page";
import { Table } from "../../ui/rare/table";
import { Section } from "../../ui/section";
import styles from "./figures.module.css";

export interface Rows {
  head: string[];
  body: (string | number)[][];
}

/** A plot, what it says in words, and the same as a table. */
export function Plot({
  title,
  hint,
  summary,
  rows,
  empty,
  children,
}: {
  title: string;
  hint: string;
  summary?: ReactNode;
  rows: Rows;
  /** What stands there where there is nothing to draw; null where there is. */
  empty: string | null;
  children: ReactNode;
}) {
  const { t } = useTranslation();
  if (empty) {
    return (
      <Section title={title} hint={hint}>
        <Empty title={empty}>{t("figures.noneHint")}</Empty>
      </Section>
    );
  }
  return (
    <Section title={title} hint={hint}>
      {summary}
      <Box className={styles["plot"] ?? ""}>{children}</Box>
      <details className={styles["more"]}>
        <summary>{t("figures.table")}</summary>
        <Table.ScrollContainer
          minWidth={420}
          mah={360}
          scrollAreaProps={{ viewportProps: { tabIndex: 0, role: "region", "aria-label": title } }}
        >
          <Table verticalSpacing={4} aria-label={title}>
            <Table.Thead>
              <Table.Tr>
                {rows.head.map((name, column) => (
                  <Table.Th key={name} ta={column === 0 ? "start" : "end"}>
                    {name}
                  </Table.Th>
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {rows.body.map(([name, ...cells]) => (
                <Table.Tr key={name}>
                  <Table.Th scope="row" fw={500} className="inert">
                    {name}
                  </Table.Th>
                  {cells.map((cell, column) => (
                    <Table.Td key={rows.head[column + 1]} ta="end">
                      {cell}
                    </Table.Td>
                  ))}
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      </details>
    </Section>
  );
}
