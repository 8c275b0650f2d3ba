import { Group } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useRouter } from "@tanstack/react-router";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { sessionQuery } from "../../api/session";
import { Page } from "../../ui/page";
import { SignInForm } from "../../ui/sign-in-form";
import { Way } from "./said";

const route = getRouteApi("/entrance/sign-in");

/** Only pages of the portal are gone on to, whatever a link says. */
function ours(to: string | undefined): string {
  return to?.startsWith("/") && !to.startsWith("//") && !to.startsWith("/\\") ? to : "/";
}

export function SignInPage() {
  const { t } = useTranslation();
  const { to } = route.useSearch();
  const router = useRouter();
  const { data: session } = useQuery(sessionQuery);
  const isSignedIn = Boolean(session);
  useEffect(() => {
    // Whoever is signed in, or has just signed in, has nothing to do here.
    if (isSignedIn) {
      router.history.replace(ours(to));
    }
  }, [isSignedIn, to, router]);
  return (
    <Page title={t("entrance.signIn.title")}>
      <SignInForm done={() => undefined} />
      <Group justify="space-between" gap="xs">
        <Way to="/forgotten">{t("entrance.signIn.forgotten")}</Way>
        <Way to="/sign-up">{t("entrance.signIn.none")}</Way>
      </Group>
    </Page>
  );
}
