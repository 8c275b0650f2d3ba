import { Anchor, Stack, Text } from "@mantine/core";
import { getRouteApi, Link, useRouter } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { Page } from "../../ui/page";
import { SignInForm } from "../../ui/sign-in-form";

const route = getRouteApi("/entrance/sign-in");

/** Only pages of the portal are gone on to, whatever a link says. */
function ours(to: string | undefined): string {
  return to?.startsWith("/") && !to.startsWith("//") && !to.startsWith("/\\") ? to : "/";
}

export function SignInPage() {
  const { t } = useTranslation();
  const { to } = route.useSearch();
  const router = useRouter();
  return (
    <Page title={t("entrance.signIn.title")}>
      <SignInForm done={() => router.history.push(ours(to))} />
      <Stack gap={4}>
        <Anchor component={Link} to="/forgotten" size="sm">
          {t("entrance.signIn.forgotten")}
        </Anchor>
        <Text size="sm">
          <Anchor component={Link} to="/sign-up" size="sm">
            {t("entrance.signIn.none")}
          </Anchor>
        </Text>
      </Stack>
    </Page>
  );
}
