import { Group, Stack, Textarea } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Impact, IncidentState } from "../../api/schema";
import { oneOf } from "../../api/words";
import { Radio } from "../../ui/rare/radio";

const IMPACTS = ["none", "minor", "major", "critical"] as const satisfies Impact[];
const STAGES = ["investigating", "identified", "monitoring", "resolved"] as const satisfies IncidentState[];

export const LONGEST_TITLE = 100;
export const LONGEST_TEXT = 4000;

export function ImpactField({ value, onChange }: { value: Impact; onChange: (value: Impact) => void }) {
  const { t } = useTranslation();
  return (
    <Radio.Group
      label={t("admin.incidents.impact")}
      value={value}
      onChange={(chosen) => onChange(oneOf(IMPACTS, chosen) ?? "minor")}
    >
      <Stack gap={8} mt="xs">
        {IMPACTS.map((impact) => (
          <Radio
            key={impact}
            value={impact}
            label={t(`admin.incidents.impacts.${impact}`)}
            description={t(`admin.incidents.impactHints.${impact}`)}
          />
        ))}
      </Stack>
    </Radio.Group>
  );
}

export function StageField({ value, onChange }: { value: IncidentState; onChange: (value: IncidentState) => void }) {
  const { t } = useTranslation();
  return (
    <Radio.Group
      label={t("admin.incidents.stage")}
      value={value}
      onChange={(chosen) => onChange(oneOf(STAGES, chosen) ?? "investigating")}
    >
      <Group gap="md" mt="xs">
        {STAGES.map((stage) => (
          <Radio key={stage} value={stage} label={t(`admin.incidents.stages.${stage}`)} />
        ))}
      </Group>
    </Radio.Group>
  );
}

/** What is told. */
export function UpdateText({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const { t } = useTranslation();
  return (
    <Textarea
      label={t("admin.incidents.text")}
      description={t("admin.incidents.textHint")}
      autosize
      minRows={4}
      maxLength={LONGEST_TEXT}
      required
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}
