import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useBlocker } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

/** Asks whoever leaves with unsaved edits whether they mean it. */
export function LeaveGuard({ isUnsaved }: { isUnsaved: boolean }) {
  const { t } = useTranslation();
  const blocked = useBlocker({
    shouldBlockFn: ({ current, next }) => isUnsaved && current.pathname !== next.pathname,
    enableBeforeUnload: () => isUnsaved,
    withResolver: true,
  });
  return (
    <Modal
      opened={blocked.status === "blocked"}
      onClose={() => blocked.reset?.()}
      title={t("scenarios.leave.title")}
      closeButtonProps={{ "aria-label": t("common.close") }}
      centered
    >
      <Stack>
        <Text size="sm">{t("scenarios.leave.hint")}</Text>
        <Group justify="flex-end" gap="sm">
          <Button variant="default" onClick={() => blocked.proceed?.()}>
            {t("scenarios.leave.leave")}
          </Button>
          <Button onClick={() => blocked.reset?.()} data-autofocus>
            {t("scenarios.leave.stay")}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
