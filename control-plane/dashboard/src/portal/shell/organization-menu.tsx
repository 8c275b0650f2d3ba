import { Menu, Text, UnstyledButton } from "@mantine/core";
import { IconCheck, IconPlus, IconSelector } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { MembershipDocument } from "../../api/schema";
import { useSession } from "../../api/session";

/** Which organization is looked at, and the others. */
export function OrganizationMenu({ current }: { current: MembershipDocument | undefined }) {
  const { t } = useTranslation();
  const { organizations } = useSession();
  const navigate = useNavigate();
  return (
    <Menu position="bottom-start" withinPortal>
      <Menu.Target>
        <UnstyledButton px="xs" py={4} miw={0} maw={220} display="flex">
          <Text truncate className="inert" fw={500}>
            {current?.name ?? t("shell.organization")}
          </Text>
          <IconSelector size={18} aria-hidden />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        {organizations.map(({ id, slug, name }) => (
          <Menu.Item
            key={id}
            rightSection={id === current?.id ? <IconCheck size={16} aria-hidden /> : null}
            onClick={() => void navigate({ to: "/o/$org/alerts", params: { org: slug } })}
          >
            <span className="inert">{name}</span>
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item leftSection={<IconPlus size={16} aria-hidden />} onClick={() => void navigate({ to: "/welcome" })}>
          {t("shell.newOrganization")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
