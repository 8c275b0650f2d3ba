import { Group } from "@mantine/core";
import { IconArrowLeft } from "@tabler/icons-react";
import { AdminLink, type Place } from "./link";

/** From one of a list to the list. */
export function BackTo({ place, children }: { place: Place; children: string }) {
  return (
    <AdminLink place={place} size="sm">
      <Group gap={4} component="span">
        <IconArrowLeft size={16} aria-hidden />
        {children}
      </Group>
    </AdminLink>
  );
}
