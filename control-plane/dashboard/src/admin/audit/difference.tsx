import { Stack, Text } from "@mantine/core";
import type { AuditEntry } from "../../api/schema";
import { difference } from "../../ui/difference";
import { useLogged } from "../../ui/logged";

/** What of it is different since. */
export function Difference({ entry }: { entry: AuditEntry }) {
  const logged = useLogged();
  const changes = difference(entry.before, entry.after);
  if (changes.length === 0) {
    return null;
  }
  return (
    <Stack gap={0} className="difference">
      {changes.map(({ field, before: was, after: is }) => (
        <Text key={field} size="xs" lineClamp={3}>
          <Text span c="dimmed" inherit className="inert">
            {logged.field(field)}:
          </Text>{" "}
          {was !== undefined && (
            <span className="inert">
              <del>{logged.value(field, was)}</del>
            </span>
          )}
          {was !== undefined && is !== undefined && " → "}
          {is !== undefined && <span className="inert">{logged.value(field, is)}</span>}
        </Text>
      ))}
    </Stack>
  );
}
