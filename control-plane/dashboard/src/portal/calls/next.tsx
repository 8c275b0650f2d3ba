import { Stack, Text } from "@mantine/core";
import type { TFunction } from "i18next";
import { useTranslation } from "react-i18next";
import type { CallDetail } from "../../api/schema";
import { reasonWhy } from "../../ui/explain";
import { Section } from "../../ui/section";
import { ago, moment, useNow } from "../../ui/time";

/** What happens next with a call, in sentences. */
function sentences(call: CallDetail, now: number, language: string, t: TFunction): string[] {
  const why = call.reason ? (reasonWhy(call.reason, t) ?? call.reason) : null;
  switch (call.status) {
    case "queued": {
      const until = t("calls.next.until", { time: moment(call.expires_at, language) });
      if (why) {
        return [why, until];
      }
      if (call.attempts.length === 0) {
        return [t("calls.next.first"), until];
      }
      const isAhead = call.due_at && Date.parse(call.due_at) > now;
      return [
        isAhead ? t("calls.next.due", { time: ago(call.due_at ?? "", language, now) }) : t("calls.next.waits"),
        until,
      ];
    }
    case "calling":
      return [t("calls.next.calling")];
    case "acknowledged":
    case "answered":
    case "cancelled":
      return [t(`calls.next.${call.status}`)];
    case "exhausted":
    case "expired":
    case "blocked": {
      const said = t(`calls.next.${call.status}`);
      return why && call.reason !== "expired" ? [said, why] : [said];
    }
  }
}

export function Next({ call }: { call: CallDetail }) {
  const { t, i18n } = useTranslation();
  const now = useNow(call.ended_at ? 60_000 : 1_000);
  return (
    <Section title={t("calls.next.title")}>
      <Stack gap={4}>
        {sentences(call, now, i18n.language, t).map((sentence) => (
          <Text key={sentence}>{sentence}</Text>
        ))}
      </Stack>
    </Section>
  );
}
