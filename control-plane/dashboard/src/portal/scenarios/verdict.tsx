import { Badge } from "@mantine/core";
import { IconCheck, IconPointFilled, IconX } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { RuleVerdict } from "../../api/schema";

/** What a rule makes of the payload that is tried. */
export function VerdictMark({ verdict }: { verdict: RuleVerdict }) {
  const { t } = useTranslation();
  if (verdict.decides) {
    return (
      <Badge color="teal.7" radius="sm" tt="none" leftSection={<IconCheck size={14} aria-hidden />}>
        {t("scenarios.dry.decides")}
      </Badge>
    );
  }
  const Icon = verdict.matches ? IconPointFilled : IconX;
  return (
    <Badge color="gray" variant="outline" radius="sm" tt="none" leftSection={<Icon size={14} aria-hidden />}>
      {t(verdict.matches ? "scenarios.dry.matches" : "scenarios.dry.no")}
    </Badge>
  );
}
