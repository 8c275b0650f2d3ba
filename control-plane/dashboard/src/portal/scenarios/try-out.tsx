import { Text } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Failure } from "../../ui/failure";
import { Loading } from "../../ui/page";
import { Section } from "../../ui/section";
import { DryRunResult } from "./dry-run";
import type { Trial } from "./use-trial";

/** What is tried, and the dry run as it stands. */
export function TryOut({ trial, children }: { trial: Trial; children: ReactNode }) {
  const { t } = useTranslation();
  return (
    <Section title={t("scenarios.dry.title")} hint={t("scenarios.payload.hint")}>
      {children}
      {trial.hinderedBy ? (
        <Text size="sm" c="dimmed">
          {t(`scenarios.dry.${trial.hinderedBy}`)}
        </Text>
      ) : trial.error ? (
        <Failure error={trial.error} retry={trial.again} />
      ) : trial.dry ? (
        <DryRunResult dry={trial.dry} isTrying={!trial.isCurrent} />
      ) : (
        <Loading rows={3} height={48} />
      )}
    </Section>
  );
}
