import { Stack, Text } from "@mantine/core";

type Values = Record<string, unknown> | null | undefined;

const written = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));

/** What of it is different since. */
export function Difference({ before, after }: { before: Values; after: Values }) {
  const names = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])];
  if (names.length === 0) {
    return null;
  }
  return (
    <Stack gap={0}>
      {names.map((name) => {
        const was = before?.[name];
        const is = after?.[name];
        return (
          <Text key={name} size="xs" lineClamp={3}>
            <Text span c="dimmed" inherit className="inert">
              {name}:
            </Text>{" "}
            {was !== undefined && (
              <span className="inert">
                <del>{written(was)}</del>
              </span>
            )}
            {was !== undefined && is !== undefined && " → "}
            {is !== undefined && <span className="inert">{written(is)}</span>}
          </Text>
        );
      })}
    </Stack>
  );
}
