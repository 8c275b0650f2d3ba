import { Button, Group, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import { Dialog } from "../../ui/confirm";
import { Failed, useDeed } from "../../ui/deed";
import { readNumber } from "../../ui/number";
import { useAct } from "../deed";

export function AddDialog({ close }: { close: () => void }) {
  const { t } = useTranslation();
  const act = useAct();
  const form = useForm({
    initialValues: { number: "" },
    validate: { number: (number) => ("number" in readNumber(number) ? null : t("admin.doNotCall.wrong")) },
  });
  const add = useDeed(async (number: string) => {
    await act(api.POST("/api/admin/v1/do-not-call", { body: { number } }));
    close();
  });
  return (
    <Dialog title={t("admin.doNotCall.add")} close={close} busy={add.busy}>
      <form
        onSubmit={form.onSubmit((values) => {
          const read = readNumber(values.number);
          if ("number" in read) {
            add.go(read.number);
          }
        })}
      >
        <Stack>
          <TextInput
            label={t("admin.doNotCall.number")}
            description={t("admin.doNotCall.numberHint")}
            type="tel"
            inputMode="tel"
            autoComplete="off"
            placeholder="+380501234567"
            required
            data-autofocus
            {...form.getInputProps("number")}
          />
          <Failed failure={add.failure} />
          <Group justify="flex-end" gap="sm">
            <Button variant="default" onClick={close} disabled={add.busy}>
              {t("common.cancel")}
            </Button>
            <Button type="submit" loading={add.busy}>
              {t("admin.doNotCall.go")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}
