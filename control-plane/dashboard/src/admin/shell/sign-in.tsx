import { Alert, Anchor, Box, Center, Group, Menu, Paper, Stack, Text, UnstyledButton } from "@mantine/core";
import { IconSettings, IconShieldLock } from "@tabler/icons-react";
import { useRouter } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiError } from "../../api/problem";
import icon from "../../ui/icon.svg";
import { Page } from "../../ui/page";
import { Preferences } from "../../ui/preferences";
import { SignInForm } from "../../ui/sign-in-form";
import { usePageSearch } from "../link";

/** Only pages of this panel are gone on to, whatever a link says. */
function ours(to: string | undefined): string {
  return to?.startsWith("/") && !to.startsWith("//") && !to.startsWith("/\\") ? to : "/";
}

export function SignInPage() {
  const { t } = useTranslation();
  const { to } = usePageSearch();
  const router = useRouter();
  const [isNoOperator, setNoOperator] = useState(false);
  return (
    <Box mih="100dvh" p="md">
      <Group justify="space-between" component="header">
        <Group gap="xs">
          <img src={icon} width={28} height={28} alt="" />
          <Text fw={700}>{t("common.product")}</Text>
        </Group>
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
      <Center mt={{ base: "md", sm: 64 }}>
        <Paper component="main" id="content" withBorder p={{ base: "md", sm: "xl" }} w="100%" maw={440}>
          <Page title={t("admin.signIn.title")}>
            <SignInForm
              done={() => router.history.push(`/admin${ours(to)}`)}
              onFailure={(error) => setNoOperator(error instanceof ApiError && error.code === "not_an_operator")}
            />
            {isNoOperator ? (
              <Alert
                color="orange"
                variant="outline"
                icon={<IconShieldLock aria-hidden />}
                title={t("admin.signIn.noOperator")}
              >
                <Stack gap="xs">
                  <Text size="sm">{t("admin.signIn.setUp")}</Text>
                  <Anchor href="/account/security" size="sm">
                    {t("admin.signIn.toSecurity")}
                  </Anchor>
                  <Text size="sm">{t("admin.signIn.make")}</Text>
                </Stack>
              </Alert>
            ) : (
              <Text size="sm" c="dimmed">
                {t("admin.signIn.hint")}
              </Text>
            )}
            <Anchor href="/" size="sm">
              {t("admin.signIn.portal")}
            </Anchor>
          </Page>
        </Paper>
      </Center>
    </Box>
  );
}
