import { Alert, Anchor, Button, Group, Stack, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconAlertTriangle } from "@tabler/icons-react";
import { type AnyRoute, type ErrorComponentProps, useRouter } from "@tanstack/react-router";
import i18next from "i18next";
import { useTranslation } from "react-i18next";
import { ApiError, OtherAccount, Unreachable } from "../api/problem";
import { problemIn } from "../texts";
import { PageButton } from "./link";
import { Page } from "./page";
import { moment } from "./time";

/** An error in words that say what to do. */
export function wordsOf(error: unknown): string {
  if (error instanceof Unreachable) {
    return i18next.t("common.errors.unreachable");
  }
  if (error instanceof OtherAccount) {
    return i18next.t("common.errors.otherAccount");
  }
  if (error instanceof ApiError) {
    const again = error.retryAfter ? ` ${i18next.t("common.errors.retryIn", { count: error.retryAfter })}` : "";
    const own = `${error.problem.title}: ${error.problem.detail}.`;
    return `${problemIn(error.problem) ?? own}${again}`;
  }
  return i18next.t("common.errors.crash");
}

/** Says that a deed failed, where the page itself goes on. */
export function tellFailure(error: unknown): void {
  const title = i18next.t("common.errors.title");
  const message = wordsOf(error);
  notifications.show({ color: "red", title, message, autoClose: 10_000 });
}

/** In place of what could not be read. */
export function Failure({ error, retry }: { error: unknown; retry?: () => void }) {
  const { t } = useTranslation();
  const code = error instanceof ApiError ? error.problem.code : undefined;
  const status = error instanceof ApiError ? error.problem.status : undefined;
  const title =
    status === 404
      ? t("common.errors.notFound")
      : status === 403
        ? t("common.errors.notPermitted")
        : t("common.errors.title");
  return (
    <Alert color="red" variant="outline" icon={<IconAlertTriangle aria-hidden />} title={title} role="alert">
      <Stack gap="xs">
        <Text size="sm">{status === 404 ? t("common.errors.notFoundHint") : wordsOf(error)}</Text>
        <Group gap="sm">
          {retry && (
            <Button size="xs" variant="default" onClick={retry}>
              {t("common.retry")}
            </Button>
          )}
          {code && (
            <Anchor size="sm" href={`/problems/${code}`} target="_blank" rel="noreferrer">
              {t("common.errors.more")}
            </Anchor>
          )}
        </Group>
      </Stack>
    </Alert>
  );
}

/** Above what was read before and may be old: when that was, and why nothing newer is there, where that is known. */
export function Outdated({ error, at, retry }: { error?: unknown; at: number; retry: () => void }) {
  const { t, i18n } = useTranslation();
  const time = moment(new Date(at).toISOString(), i18n.language);
  return (
    <Stack gap={4}>
      {error != null && <Failure error={error} retry={retry} />}
      <Text size="sm" fw={500} role="status">
        {t("common.errors.asOf", { time })}
      </Text>
    </Stack>
  );
}

const load = (route: AnyRoute | undefined): Promise<void> | undefined => route?.options.component?.preload?.();

/** In place of a page that failed. What its way there throws is thrown again until that way is gone again. */
export function PageFailure({ error, reset }: ErrorComponentProps) {
  const { t } = useTranslation();
  const router = useRouter();
  const again = async () => {
    // A page that was not loaded is loaded again.
    const routes: Record<string, AnyRoute | undefined> = router.routesById;
    await Promise.all(router.state.matches.map(({ routeId }) => load(routes[routeId])));
    reset();
    await router.invalidate();
  };
  return (
    <Page title={t("common.errors.page")}>
      <Failure error={error} retry={() => void again()} />
    </Page>
  );
}

/** In place of a page that does not exist. */
export function NotFound() {
  const { t } = useTranslation();
  return (
    <Page title={t("common.errors.notFound")}>
      <Text>{t("common.errors.notFoundHint")}</Text>
      <Group>
        <PageButton to="/" variant="default">
          {t("common.errors.home")}
        </PageButton>
      </Group>
    </Page>
  );
}
