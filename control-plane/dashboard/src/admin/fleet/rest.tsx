import { Button, Group, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { measure } from "../../texts/regional";
import { Confirm } from "../../ui/confirm";
import { NumberInput } from "../../ui/rare/number-input";

const OFTEN = [15, 60, 240, 1440];
/** A day. */
const LONGEST = 1440;

/** For how long a trunk is to rest. */
export function RestDialog({
  name,
  rest,
  close,
}: {
  name: string;
  rest: (minutes: number) => Promise<unknown>;
  close: () => void;
}) {
  const { t, i18n } = useTranslation();
  const [minutes, setMinutes] = useState<number | string>(60);
  const inWords = (count: number) =>
    count < 60 ? measure(count, "minute", i18n.language) : measure(count / 60, "hour", i18n.language);
  const whole = typeof minutes === "number" && Number.isInteger(minutes) && minutes >= 1 && minutes <= LONGEST;
  return (
    <Confirm
      title={t("admin.fleet.rest.title", { name })}
      action={t("admin.fleet.rest.go")}
      harmless
      ready={whole}
      does={() => rest(Number(minutes))}
      close={close}
    >
      <Text size="sm">{t("admin.fleet.rest.text")}</Text>
      <Stack gap="xs">
        <Group gap="xs">
          {OFTEN.map((count) => (
            <Button
              key={count}
              size="xs"
              variant={minutes === count ? "filled" : "default"}
              aria-pressed={minutes === count}
              onClick={() => setMinutes(count)}
            >
              {inWords(count)}
            </Button>
          ))}
        </Group>
        <NumberInput
          label={t("admin.fleet.rest.minutes")}
          min={1}
          max={LONGEST}
          allowDecimal={false}
          value={minutes}
          onChange={setMinutes}
          inputMode="numeric"
        />
      </Stack>
    </Confirm>
  );
}
