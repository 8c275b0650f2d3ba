import { Button, Group, Text } from "@mantine/core";
import { useLocation, useParams } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { signOutTo, useSession } from "../../api/session";
import { Failed, useDeed } from "../../ui/deed";
import { PageButton } from "../../ui/link";
import { Page } from "../../ui/page";

/** In place of the pages of an organization that this account is not in, or not any more. */
export function NotMember() {
  const { t } = useTranslation();
  const { org = "" } = useParams({ strict: false });
  const { account } = useSession();
  const here = useLocation({ select: ({ href }) => href });
  const { go, busy, failure } = useDeed(() => signOutTo(`/sign-in?${new URLSearchParams({ to: here })}`));
  return (
    <Page title={t("shell.notMember.title", { organization: org })}>
      <Text className="inert" role="alert">
        {t("shell.notMember.text", { email: account.email })}
      </Text>
      <Failed failure={failure} />
      <Group gap="sm">
        <PageButton to="/" size="md">
          {t("shell.notMember.home")}
        </PageButton>
        <Button size="md" variant="default" loading={busy} onClick={() => go()}>
          {t("shell.notMember.switch")}
        </Button>
      </Group>
    </Page>
  );
}
