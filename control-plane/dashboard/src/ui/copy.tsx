import { ActionIcon, Box, Code, CopyButton, Group, ScrollArea, Tooltip } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

/** A button that copies. */
export function Copy({ value, label }: { value: string; label?: string }) {
  const { t } = useTranslation();
  return (
    <CopyButton value={value}>
      {({ copied, copy }) => (
        <Tooltip label={copied ? t("common.copied") : (label ?? t("common.copy"))}>
          <ActionIcon variant="default" size="lg" onClick={copy} aria-label={label ?? t("common.copy")}>
            {copied ? <IconCheck size={18} aria-hidden /> : <IconCopy size={18} aria-hidden />}
          </ActionIcon>
        </Tooltip>
      )}
    </CopyButton>
  );
}

/** Text that is there to be copied: a command, a URL, a secret. */
export function Copyable({ value, label }: { value: string; label: string }) {
  return (
    <Group gap="xs" wrap="nowrap" align="flex-start">
      <Box flex={1} miw={0}>
        <ScrollArea type="auto" scrollbarSize={8}>
          <Code block className="inert" tabIndex={0} aria-label={label}>
            {value}
          </Code>
        </ScrollArea>
      </Box>
      <Copy value={value} label={label} />
    </Group>
  );
}
