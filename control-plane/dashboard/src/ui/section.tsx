import { Group, Paper, Stack, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";

/** One matter of a page: what it is, what can be done about it, and how it stands. */
export function Section({
  title,
  hint,
  aside,
  danger = false,
  children,
}: {
  title: string;
  hint?: ReactNode;
  aside?: ReactNode;
  danger?: boolean;
  children?: ReactNode;
}) {
  return (
    <Paper component="section" withBorder p={{ base: "md", sm: "lg" }} {...(danger ? { bd: "1px solid red.8" } : {})}>
      <Stack gap="md">
        <Group justify="space-between" align="flex-start" gap="sm">
          <Stack gap={4} flex="1 1 240px">
            <Title order={2} size="h4">
              {title}
            </Title>
            {hint && (
              <Text size="sm" c="dimmed" component="div">
                {hint}
              </Text>
            )}
          </Stack>
          {aside}
        </Group>
        {children}
      </Stack>
    </Paper>
  );
}
