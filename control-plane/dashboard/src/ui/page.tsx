import { Box, Group, Skeleton, Stack, Text, Title } from "@mantine/core";
import { useRouterState } from "@tanstack/react-router";
import { type ReactNode, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";

/** Where the page is that was shown last; null before the first. */
let shown: string | null = null;

/** What is typed into keeps the focus, and so does what lies above the page. */
const KEEPS = "input, textarea, select, [role=dialog]";

/** Whoever does not see that another page is there hears it: its heading has the focus. */
function useArrival() {
  const heading = useRef<HTMLHeadingElement>(null);
  const path = useRouterState({ select: (state) => state.resolvedLocation?.pathname });
  useEffect(() => {
    if (!path) {
      return;
    }
    const isAnother = shown !== null && shown !== path;
    shown = path;
    if (isAnother && !document.activeElement?.closest(KEEPS)) {
      heading.current?.focus({ preventScroll: true });
    }
  }, [path]);
  return heading;
}

/** A page: its title, what can be done on it, and its content; over the whole screen where it is `wide`. */
export function Page({
  title,
  aside,
  wide = false,
  children,
}: {
  title: string;
  aside?: ReactNode;
  wide?: boolean;
  children: ReactNode;
}) {
  const { t } = useTranslation();
  const heading = useArrival();
  useEffect(() => {
    document.title = `${title} · ${t("common.product")}`;
  }, [title, t]);
  return (
    <Stack gap="md" {...(wide ? {} : { maw: 1200, mx: "auto" })}>
      <Group justify="space-between" gap="sm">
        <Title ref={heading} tabIndex={-1} order={1} size="h2" className="inert">
          {title}
        </Title>
        {aside}
      </Group>
      {children}
    </Stack>
  );
}

/** While something is read: as high as what will stand there, so that nothing jumps. */
export function Loading({ rows = 6, height = 56 }: { rows?: number; height?: number }) {
  const { t } = useTranslation();
  return (
    <Stack gap="xs" aria-busy="true" aria-label={t("common.loading")} role="status">
      {Array.from({ length: rows }, (_, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: they are all the same
        <Skeleton key={row} height={height} />
      ))}
    </Stack>
  );
}

/** Where there is nothing yet: what would be here, and how it comes to be. */
export function Empty({ title, children, action }: { title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <Box ta="center" py="xl" px="md">
      <Text fw={600}>{title}</Text>
      {children && (
        <Text c="dimmed" size="sm" mt={4} maw={480} mx="auto" component="div">
          {children}
        </Text>
      )}
      {action && <Box mt="md">{action}</Box>}
    </Box>
  );
}
