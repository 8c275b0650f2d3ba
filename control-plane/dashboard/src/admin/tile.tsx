import { Paper, Text } from "@mantine/core";
import type { ReactNode } from "react";

/** One figure that is looked at from afar. */
export function Tile({
  title,
  value,
  hint,
  bad = false,
}: {
  title: string;
  value: ReactNode;
  hint?: ReactNode;
  bad?: boolean;
}) {
  return (
    <Paper
      withBorder
      px="md"
      py="sm"
      component="section"
      aria-label={title}
      {...(bad ? { bd: "1px solid red.6" } : {})}
    >
      <Text size="sm" c="dimmed">
        {title}
      </Text>
      <Text
        fz={26}
        fw={700}
        lh={1.2}
        className="digits"
        component="div"
        {...(bad ? { c: "var(--mantine-color-red-text)" } : {})}
      >
        {value}
      </Text>
      {hint && (
        <Text size="xs" c="dimmed" component="div">
          {hint}
        </Text>
      )}
    </Paper>
  );
}
