import { Button, Group, SimpleGrid, Stack, Text } from "@mantine/core";
import { useForm } from "@mantine/form";
import { notifications } from "@mantine/notifications";
import { useTranslation } from "react-i18next";
import type { Policy, ProjectDocument } from "../../api/schema";
import { Failed, useDeed } from "../../ui/deed";
import { NumberInput } from "../../ui/rare/number-input";
import { Radio } from "../../ui/rare/radio";
import { Section } from "../../ui/section";
import { DEFAULT_POLICY, type Numbered, RANGES } from "./policy";
import { PolicyWords } from "./policy-words";

const NUMBERS = Object.keys(RANGES) as Numbered[];

/** While it is typed, a number may be none. */
type Typed = Record<Numbered, number | string> & Pick<Policy, "delivered_when">;

function inRange(key: Numbered, value: number | string): boolean {
  const [least, most] = RANGES[key];
  return typeof value === "number" && Number.isInteger(value) && value >= least && value <= most;
}

/** How hard a project tries: every key, what it does, and the whole in words as it is typed. */
export function PolicyForm({
  project,
  save,
  readOnly,
}: {
  project: ProjectDocument;
  save: (policy: Policy) => Promise<unknown>;
  readOnly: boolean;
}) {
  const { t } = useTranslation();
  const outside = (key: Numbered) => t("projects.policy.range", { least: RANGES[key][0], most: RANGES[key][1] });
  const form = useForm<Typed>({
    initialValues: project.policy,
    validateInputOnChange: true,
    validate: (values) =>
      Object.fromEntries(NUMBERS.map((key) => [key, inRange(key, values[key]) ? null : outside(key)])),
  });
  const isSound = NUMBERS.every((key) => inRange(key, form.values[key]));
  const { go, busy, failure } = useDeed(async () => {
    await save(form.values as Policy);
    form.resetDirty();
    notifications.show({ message: t("projects.saved"), color: "teal" });
  });
  return (
    <Section title={t("projects.policy.title")} hint={t("projects.policy.hint")}>
      <form onSubmit={form.onSubmit(() => go())}>
        <Stack>
          {isSound && <PolicyWords policy={form.values as Policy} size="md" />}
          <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg">
            {NUMBERS.map((key) => (
              <NumberInput
                key={key}
                label={t(`projects.policy.${key}`)}
                description={`${t(`projects.policy.${key}Hint`)} (${RANGES[key][0]}–${RANGES[key][1]})`}
                min={RANGES[key][0]}
                max={RANGES[key][1]}
                clampBehavior="none"
                allowDecimal={false}
                allowNegative={false}
                readOnly={readOnly}
                inputMode="numeric"
                inputWrapperOrder={["label", "input", "description", "error"]}
                {...form.getInputProps(key)}
              />
            ))}
            <Radio.Group
              label={t("projects.policy.delivered_when")}
              readOnly={readOnly}
              {...form.getInputProps("delivered_when")}
            >
              <Stack gap="xs" mt="xs">
                <Radio
                  value="acknowledged"
                  label={t("projects.policy.acknowledged")}
                  description={t("projects.policy.acknowledgedHint")}
                />
                <Radio
                  value="answered"
                  label={t("projects.policy.answered")}
                  description={t("projects.policy.answeredHint")}
                />
              </Stack>
            </Radio.Group>
          </SimpleGrid>
          <Failed failure={failure} />
          {!readOnly && (
            <Group gap="sm">
              <Button type="submit" loading={busy} disabled={!form.isDirty() || !isSound}>
                {t("common.save")}
              </Button>
              <Button variant="default" disabled={!form.isDirty()} onClick={form.reset}>
                {t("projects.reset")}
              </Button>
              <Button variant="subtle" onClick={() => form.setValues(DEFAULT_POLICY)}>
                {t("projects.defaults")}
              </Button>
              {form.isDirty() && (
                <Text size="sm" c="dimmed" role="status">
                  {t("projects.unsaved")}
                </Text>
              )}
            </Group>
          )}
        </Stack>
      </form>
    </Section>
  );
}
