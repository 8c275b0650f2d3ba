/** Fills of the plots. Each has a pattern of its own, so that nobody needs to see colours. */
import { Group, Text } from "@mantine/core";
import styles from "./figures.module.css";

export type Pattern = "solid" | "stripes" | "back" | "dots" | "cross" | "lines";

export interface Series {
  name: string;
  label: string;
  /** A variable of `figures.module.css`. */
  color: string;
  pattern: Pattern;
}

function Marks({ pattern }: { pattern: Pattern }) {
  const stroke = { stroke: "var(--paper)", strokeWidth: 1.6, fill: "none" };
  switch (pattern) {
    case "solid":
      return null;
    case "stripes":
      return <path d="M-2 2 L2 -2 M0 8 L8 0 M6 10 L10 6" {...stroke} />;
    case "back":
      return <path d="M-2 6 L2 10 M0 0 L8 8 M6 -2 L10 2" {...stroke} />;
    case "dots":
      return <circle cx={4} cy={4} r={1.7} fill="var(--paper)" />;
    case "cross":
      return <path d="M0 0 L8 8 M0 8 L8 0" {...stroke} />;
    case "lines":
      return <path d="M0 4 H8" {...stroke} />;
  }
}

/** The fills of a plot, to be drawn inside of its picture; `plot` keeps the names of several plots apart. */
export function Patterns({ plot, series }: { plot: string; series: Series[] }) {
  return (
    <defs>
      {series.map(({ name, color, pattern }) => (
        <pattern key={name} id={`${plot}-${name}`} width={8} height={8} patternUnits="userSpaceOnUse">
          <rect width={8} height={8} fill={`var(${color})`} />
          <Marks pattern={pattern} />
        </pattern>
      ))}
    </defs>
  );
}

/** What each fill stands for. */
export function Legend({ plot, series }: { plot: string; series: Series[] }) {
  return (
    <Group gap="md" component="ul" p={0} m={0}>
      {series.map((one) => (
        <Group key={one.name} gap={6} component="li" display="flex" wrap="nowrap">
          <svg width={18} height={12} aria-hidden="true" className={styles["swatch"]}>
            <Patterns plot={`${plot}-legend`} series={[one]} />
            <rect width={18} height={12} rx={2} fill={`url(#${plot}-legend-${one.name})`} />
          </svg>
          <Text size="sm">{one.label}</Text>
        </Group>
      ))}
    </Group>
  );
}
