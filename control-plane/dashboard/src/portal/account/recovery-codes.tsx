import { Button, Checkbox, Code, Group, Modal, SimpleGrid, Stack, Text } from "@mantine/core";
import { useClipboard } from "@mantine/hooks";
import { IconCheck, IconCopy, IconDownload } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { moment } from "../../ui/time";

function save(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}

/** Told once: it does not close before somebody says that they have kept them. */
export function RecoveryCodes({ codes, email, close }: { codes: string[]; email: string; close: () => void }) {
  const { t, i18n } = useTranslation();
  const [isKept, setKept] = useState(false);
  const clipboard = useClipboard();
  const head = t("account.security.file", { email, date: moment(new Date().toISOString(), i18n.language) });
  return (
    <Modal
      opened
      onClose={() => undefined}
      title={t("account.security.codesTitle")}
      centered
      withCloseButton={false}
      closeOnEscape={false}
      closeOnClickOutside={false}
    >
      <Stack>
        <Text size="sm">{t("account.security.codesText")}</Text>
        <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="xs" component="ul" m={0} p={0}>
          {codes.map((code) => (
            <Code key={code} component="li" display="block" fz="md" ta="center">
              {code}
            </Code>
          ))}
        </SimpleGrid>
        <Group gap="sm">
          <Button
            variant="default"
            leftSection={<IconDownload size={18} aria-hidden />}
            onClick={() => save("callping-recovery-codes.txt", `${head}\n\n${codes.join("\n")}\n`)}
          >
            {t("account.security.download")}
          </Button>
          <Button
            variant="default"
            leftSection={clipboard.copied ? <IconCheck size={18} aria-hidden /> : <IconCopy size={18} aria-hidden />}
            onClick={() => clipboard.copy(codes.join("\n"))}
          >
            {clipboard.copied ? t("common.copied") : t("account.security.copyCodes")}
          </Button>
        </Group>
        <Checkbox
          label={t("account.security.kept")}
          checked={isKept}
          onChange={(event) => setKept(event.currentTarget.checked)}
        />
        <Button disabled={!isKept} onClick={close}>
          {t("account.security.finish")}
        </Button>
      </Stack>
    </Modal>
  );
}
