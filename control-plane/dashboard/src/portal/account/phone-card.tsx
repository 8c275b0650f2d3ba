import { useSortable } from "@dnd-kit/sortable";
import { ActionIcon, Badge, Button, Group, Paper, Stack, Text } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconGripVertical, IconTrash } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { PhoneDocument } from "../../api/schema";
import { showNumber } from "../../ui/number";
import { Switch } from "../../ui/rare/switch";

/** Whether alerts ring it. */
export function rings({ verified, enabled }: PhoneDocument): boolean {
  return verified && enabled;
}

interface Given {
  phone: PhoneDocument;
  /** Its place among those that ring, from 0; -1 where it does not. */
  place: number;
  isOnly: boolean;
  isFirst: boolean;
  isLast: boolean;
  busy: boolean;
  up: () => void;
  down: () => void;
  enable: (enabled: boolean) => void;
  verify: () => void;
  remove: () => void;
}

export function PhoneCard({ phone, place, isOnly, isFirst, isLast, busy, up, down, enable, verify, remove }: Given) {
  const { t } = useTranslation();
  const { setNodeRef, setActivatorNodeRef, listeners, transform, transition, isDragging } = useSortable({
    id: phone.id,
    disabled: isOnly || busy,
  });
  const number = showNumber(phone.number);
  return (
    <Paper
      component="li"
      ref={setNodeRef}
      withBorder
      p="sm"
      pos="relative"
      style={{
        listStyle: "none",
        transform: transform ? `translate3d(0, ${transform.y}px, 0)` : undefined,
        transition,
        zIndex: isDragging ? 1 : undefined,
      }}
      shadow={isDragging ? "md" : "none"}
    >
      <Group gap="sm" justify="space-between">
        <Group gap="sm" wrap="nowrap">
          {!isOnly && (
            <ActionIcon
              ref={setActivatorNodeRef}
              variant="subtle"
              color="gray"
              size="lg"
              tabIndex={-1}
              visibleFrom="sm"
              style={{ cursor: "grab", touchAction: "none" }}
              aria-label={t("account.phones.drag", { number })}
              {...listeners}
            >
              <IconGripVertical size={18} aria-hidden />
            </ActionIcon>
          )}
          <Stack gap={4}>
            <Text fw={600} className="digits">
              {number}
            </Text>
            <Group gap={6}>
              {place >= 0 ? (
                <Badge color="teal.7" tt="none" radius="sm">
                  {place === 0 ? t("account.phones.first") : t("account.phones.order", { place: place + 1 })}
                </Badge>
              ) : (
                <Badge color="gray.7" tt="none" radius="sm">
                  {t("account.phones.silent")}
                </Badge>
              )}
              {!phone.verified && (
                <Badge color="orange.9" tt="none" radius="sm">
                  {t("account.phones.unverified")}
                </Badge>
              )}
            </Group>
          </Stack>
        </Group>
        <Group gap="xs">
          {!phone.verified && (
            <Button size="sm" onClick={verify}>
              {t("account.phones.verify")}
            </Button>
          )}
          <Switch
            checked={phone.enabled}
            disabled={busy}
            onChange={(event) => enable(event.currentTarget.checked)}
            aria-label={t("account.phones.switch", { number })}
            label={t("account.phones.on")}
          />
          {!isOnly && (
            <>
              <ActionIcon
                variant="default"
                size="lg"
                disabled={isFirst || busy}
                onClick={up}
                aria-label={t("account.phones.up", { number })}
              >
                <IconArrowUp size={18} aria-hidden />
              </ActionIcon>
              <ActionIcon
                variant="default"
                size="lg"
                disabled={isLast || busy}
                onClick={down}
                aria-label={t("account.phones.down", { number })}
              >
                <IconArrowDown size={18} aria-hidden />
              </ActionIcon>
            </>
          )}
          <ActionIcon
            variant="default"
            size="lg"
            onClick={remove}
            aria-label={t("account.phones.remove", { number })}
          >
            <IconTrash size={18} aria-hidden />
          </ActionIcon>
        </Group>
      </Group>
    </Paper>
  );
}
