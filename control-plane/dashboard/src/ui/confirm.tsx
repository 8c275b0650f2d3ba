import { Button, Group, Modal, Stack, TextInput } from "@mantine/core";
import { type ReactNode, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Failed, useDeed } from "./deed";

/** Brings the focus back to where it was before; where that is gone, to the heading of the page. */
export function useFocusBack(): void {
  useEffect(() => {
    const before = document.activeElement;
    return () => {
      if (before instanceof HTMLElement && before !== document.body) {
        before.focus();
      }
      // It may be gone, disabled or covered.
      if (document.activeElement !== before || before === document.body) {
        document.querySelector<HTMLElement>("main h1")?.focus({ preventScroll: true });
      }
    };
  }, []);
}

/** A dialog that is there as long as it is rendered. While something is under way it does not close. */
export function Dialog({
  title,
  close,
  busy = false,
  size = "md",
  children,
}: {
  title: string;
  close: () => void;
  busy?: boolean;
  size?: string;
  children: ReactNode;
}) {
  const { t } = useTranslation();
  useFocusBack();
  return (
    <Modal
      opened
      onClose={close}
      title={title}
      size={size}
      centered
      closeOnEscape={!busy}
      closeOnClickOutside={!busy}
      closeButtonProps={{ "aria-label": t("common.close"), disabled: busy }}
      classNames={{ title: "inert" }}
    >
      {children}
    </Modal>
  );
}

/** Asks before something is done that is not easily undone. `type` is what has to be typed in first. */
export function Confirm({
  title,
  action,
  type,
  harmless = false,
  ready = true,
  does,
  close,
  children,
}: {
  title: string;
  action: string;
  type?: { label: string; word: string };
  harmless?: boolean;
  ready?: boolean;
  does: () => Promise<unknown>;
  close: () => void;
  children: ReactNode;
}) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState("");
  const { go, busy, failure } = useDeed(async () => {
    await does();
    close();
  });
  const isTyped = !type || typed.trim() === type.word;
  return (
    <Dialog title={title} close={close} busy={busy}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          go();
        }}
      >
        <Stack>
          <Stack gap="xs">{children}</Stack>
          {type && (
            <TextInput
              label={type.label}
              value={typed}
              onChange={(event) => setTyped(event.currentTarget.value)}
              autoComplete="off"
              autoCapitalize="none"
              spellCheck={false}
              data-autofocus
            />
          )}
          <Failed failure={failure} />
          <Group justify="flex-end" gap="sm">
            <Button variant="default" onClick={close} disabled={busy}>
              {t("common.cancel")}
            </Button>
            <Button
              type="submit"
              loading={busy}
              disabled={!isTyped || !ready}
              {...(harmless ? {} : { color: "red.8" })}
            >
              {action}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}
