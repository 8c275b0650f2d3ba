import { Avatar, Menu, Text, UnstyledButton } from "@mantine/core";
import { IconLogout } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { signOutTo, useSession } from "../../api/session";
import { tellFailure } from "../../ui/failure";
import { Preferences } from "../../ui/preferences";

/** Who is signed in, how they want to see things, and the way out. */
export function AccountMenu() {
  const { t } = useTranslation();
  const { account } = useSession();
  const navigate = useNavigate();
  const out = async () => {
    try {
      await signOutTo("/sign-in");
    } catch (error) {
      tellFailure(error);
    }
  };
  const name = account.display_name || account.email;
  return (
    <Menu position="bottom-end" width={240}>
      <Menu.Target>
        <UnstyledButton aria-label={`${t("shell.account")}: ${name}`}>
          <Avatar color="teal" variant="filled" radius="xl" size={34} alt="">
            {name.slice(0, 1).toUpperCase()}
          </Avatar>
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Text size="sm" px="sm" py={4} truncate className="inert">
          {account.email}
        </Text>
        <Menu.Item onClick={() => void navigate({ to: "/account" })}>{t("shell.profile")}</Menu.Item>
        <Menu.Item component="a" href="/status">
          {t("shell.status")}
        </Menu.Item>
        <Menu.Divider />
        <Preferences />
        <Menu.Divider />
        <Menu.Item leftSection={<IconLogout size={16} aria-hidden />} onClick={() => void out()}>
          {t("common.signOut")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
