import { Alert, Stack, Text } from "@mantine/core";
import { IconCircleCheck, IconPhoneCall, IconPhoneOff } from "@tabler/icons-react";
import type { TFunction } from "i18next";
import { useTranslation } from "react-i18next";
import type { AlertCall, AlertState, CallView } from "../../api/schema";
import { isOver, reasonWhy } from "../../ui/explain";

/** What a call that is not over is doing at this moment. */
function doing(call: AlertCall, who: string, whole: CallView | undefined, t: TFunction): string {
  const attempt = whole?.attempts.at(-1);
  if (call.status === "queued") {
    return call.reason
      ? t("alerts.now.held", { who, reason: reasonWhy(call.reason, t) ?? call.reason })
      : t("alerts.now.waiting", { who });
  }
  if (attempt && !isOver(attempt) && attempt.answered_at) {
    return t("alerts.now.talking", { who });
  }
  return t(attempt?.ringing_at ? "alerts.now.ringing" : "alerts.now.dialling", { who });
}

/** What goes on at this moment, before anything else: whose phone rings, or that nobody's does. */
export function Now({
  state,
  people,
  calls,
  whoIs,
}: {
  state: AlertState;
  people: AlertCall[];
  calls: CallView[];
  whoIs: (id: string) => string;
}) {
  const { t } = useTranslation();
  const live = people.filter(({ status }) => status === "queued" || status === "calling");
  if (live.length > 0) {
    return (
      <Alert
        variant="outline"
        color="blue.8"
        role="status"
        title={t("alerts.detail.now")}
        icon={<IconPhoneCall className="pulse" aria-hidden />}
      >
        <Stack gap={2}>
          {live.map((call) => (
            <Text key={call.id} className="inert" fw={500}>
              {doing(
                call,
                whoIs(call.id),
                calls.find(({ id }) => id === call.id),
                t,
              )}
            </Text>
          ))}
        </Stack>
      </Alert>
    );
  }
  if (state === "open") {
    return (
      <Alert
        variant="outline"
        color="red.8"
        role="status"
        title={t(people.length > 0 ? "alerts.now.nobody" : "alerts.now.quiet")}
        icon={<IconPhoneOff aria-hidden />}
      >
        {t("alerts.now.nobodyHint")}
      </Alert>
    );
  }
  return (
    <Alert
      variant="outline"
      color={state === "acknowledged" ? "teal.7" : "gray"}
      role="status"
      title={t(state === "acknowledged" ? "alerts.now.taken" : "alerts.now.closed")}
      icon={<IconCircleCheck aria-hidden />}
    />
  );
}
