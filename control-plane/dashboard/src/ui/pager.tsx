import { Button, Group } from "@mantine/core";
import { useTranslation } from "react-i18next";

/** Goes through a list page by page: however long it is, a page is short. */
export function Pager({
  after,
  next,
  go,
}: {
  after: string | undefined;
  next: string | null | undefined;
  go: (after?: string) => void;
}) {
  const { t } = useTranslation();
  if (!after && !next) {
    return null;
  }
  return (
    <Group justify="space-between" component="nav" aria-label={t("common.older")}>
      <Button variant="default" disabled={!after} onClick={() => go()}>
        {t("common.newest")}
      </Button>
      <Button variant="default" disabled={!next} onClick={() => next && go(next)}>
        {t("common.older")}
      </Button>
    </Group>
  );
}
