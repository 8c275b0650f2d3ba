import { Anchor, Box, Center, Group, Menu, Paper, Text, UnstyledButton } from "@mantine/core";
import { IconSettings } from "@tabler/icons-react";
import { Outlet } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import icon from "../../ui/icon.svg";
import { Preferences } from "../../ui/preferences";

/** Around the pages for those who are not signed in. */
export function Entrance() {
  const { t } = useTranslation();
  return (
    <Box mih="100dvh" p="md">
      <Group justify="space-between" component="header">
        <Group gap="xs">
          <img src={icon} width={28} height={28} alt="" />
          <Text fw={700}>{t("common.product")}</Text>
        </Group>
        <Group gap="md">
          <Anchor href="/status" size="sm">
            {t("shell.status")}
          </Anchor>
          <Menu position="bottom-end">
            <Menu.Target>
              <UnstyledButton aria-label={t("common.language")} p={6}>
                <IconSettings size={20} aria-hidden />
              </UnstyledButton>
            </Menu.Target>
            <Menu.Dropdown>
              <Preferences />
            </Menu.Dropdown>
          </Menu>
        </Group>
      </Group>
      <Center mt={{ base: "md", sm: 64 }}>
        <Paper component="main" id="content" withBorder p={{ base: "md", sm: "xl" }} w="100%" maw={440}>
          <Outlet />
        </Paper>
      </Center>
    </Box>
  );
}
