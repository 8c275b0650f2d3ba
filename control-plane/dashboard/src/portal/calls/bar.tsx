import { Box, Group, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { AttemptView } from "../../api/schema";
import { spansOf } from "../../ui/explain";
import { duration } from "../../ui/time";
import styles from "./calls.module.css";

const KINDS = ["dial", "ring", "talk"] as const;

/** How long an attempt dialled, rang and spoke, as a bar and in words. `most` is what a full width stands for. */
export function Bar({ attempt, now, most }: { attempt: AttemptView; now: number; most?: number }) {
  const { t, i18n } = useTranslation();
  const spans = spansOf(attempt, now);
  const whole = spans.dial + (spans.ring ?? 0) + (spans.talk ?? 0);
  if (!attempt.placed_at || whole === 0) {
    return null;
  }
  const said = (span: number | null) => (span ? duration(span, i18n.language) : t("calls.detail.nothing"));
  return (
    <Box>
      <div
        className={styles["bar"]}
        role="img"
        aria-label={t("calls.detail.bar", {
          dial: said(spans.dial),
          ring: said(spans.ring),
          talk: said(spans.talk),
        })}
        style={{ width: `${Math.min(100, (whole / (most ?? whole)) * 100)}%` }}
      >
        {KINDS.map(
          (kind) =>
            !!spans[kind] && (
              <span key={kind} className={styles[kind]} style={{ width: `${((spans[kind] ?? 0) / whole) * 100}%` }} />
            ),
        )}
      </div>
      <Group gap="sm" mt={4} aria-hidden>
        {KINDS.map(
          (kind) =>
            !!spans[kind] && (
              <Text key={kind} size="xs" c="dimmed" className="digits">
                <span className={`${styles["swatch"]} ${styles[kind]}`} /> {t(`calls.detail.spans.${kind}`)}{" "}
                {said(spans[kind])}
              </Text>
            ),
        )}
      </Group>
    </Box>
  );
}
