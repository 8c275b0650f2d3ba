import { Paper, VisuallyHidden } from "@mantine/core";
import type { ReactNode } from "react";
import "./list.css";

export interface Column<Row> {
  title: string;
  cell: (row: Row) => ReactNode;
  /** Digits that are compared with those above and below. */
  number?: boolean;
  /** Without its title where a row is a card: it speaks for itself. */
  bare?: boolean;
  /** Its title is for those who cannot see what stands there. */
  hidden?: boolean;
}

/** A table that is laid out as cards would lose its roles, were they not said. */
const as = (role: string) => ({ role });

/** A list: a table where there is room, and a card for each row on a phone. */
export function List<Row>({
  label,
  columns,
  rows,
  keyOf,
}: {
  label: string;
  columns: Column<Row>[];
  rows: Row[];
  keyOf: (row: Row) => string;
}) {
  return (
    <Paper withBorder className="admin-list">
      <table aria-label={label} {...as("table")}>
        <thead {...as("rowgroup")}>
          <tr {...as("row")}>
            {columns.map(({ title, number, hidden }) => (
              <th key={title} {...as("columnheader")} scope="col" className={number ? "number" : undefined}>
                {hidden ? <VisuallyHidden>{title}</VisuallyHidden> : title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody {...as("rowgroup")}>
          {rows.map((row) => (
            <tr key={keyOf(row)} {...as("row")}>
              {columns.map(({ title, cell, number, bare }) => (
                <td
                  key={title}
                  {...as("cell")}
                  className={number ? "number" : undefined}
                  {...(bare ? {} : { "data-title": title })}
                >
                  {cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Paper>
  );
}
