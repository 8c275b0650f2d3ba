import { Button, Group } from "@mantine/core";
import { useTranslation } from "react-i18next";

/** Goes through a list page by page, however long it is: to what is older, or `inOrder` where it is not the newest first. */
export function Pager({
  after,
  next,
  go,
  inOrder = false,
}: {
  after: string | undefined;
  next: string | null | undefined;
  go: (after?: string) => void;
  inOrder?: boolean;
}) {
  const { t } = useTranslation();
  if (!after && !next) {
    return null;
  }
  return (
    <Group justify="space-between" component="nav" aria-label={t("common.pages.label")}>
      <Button variant="default" disabled={!after} onClick={() => go()}>
        {t(inOrder ? "common.pages.first" : "common.newest")}
      </Button>
      <Button variant="default" disabled={!next} onClick={() => next && go(next)}>
        {t(inOrder ? "common.pages.next" : "common.older")}
      </Button>
    </Group>
  );
}
