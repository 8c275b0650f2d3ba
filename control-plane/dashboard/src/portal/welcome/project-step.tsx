import { Button, Stack, Text } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, take } from "../../api/client";
import type { ProjectDocument } from "../../api/schema";
import { useSession } from "../../api/session";
import { Failed, useDeed, useOnce } from "../../ui/deed";

/** What the first project is called until somebody renames it. */
const FIRST_PROJECT = "main";

/** Makes a project that calls whoever makes it, and its endpoint, with one press. */
export function ProjectStep({
  org,
  project,
  governs,
}: {
  org: string;
  /** There already, without an endpoint. */
  project: ProjectDocument | null;
  governs: boolean;
}) {
  const { t } = useTranslation();
  const { account } = useSession();
  const queries = useQueryClient();
  const onceProject = useOnce();
  const onceEndpoint = useOnce();
  const { go, busy, failure } = useDeed(async () => {
    const body = { slug: FIRST_PROJECT, primary_account_id: account.id };
    const made =
      project ??
      (await take(
        api.POST("/api/v1/projects", { params: { query: { org }, header: onceProject({ org, body }) }, body }),
      ));
    const endpoint = { name: t("welcome.project.endpointName") };
    const params = {
      path: { id: made.id },
      query: { org },
      header: onceEndpoint({ id: made.id, endpoint }),
    };
    await take(api.POST("/api/v1/projects/{id}/endpoints", { params, body: endpoint }));
    await queries.invalidateQueries({ queryKey: ["projects", org] });
    await queries.invalidateQueries({ queryKey: ["endpoints", org] });
  });
  if (!governs) {
    return <Text size="sm">{t("welcome.project.noRight")}</Text>;
  }
  return (
    <Stack maw={420}>
      <Text size="sm">
        {t("welcome.project.project")}: <b className="inert">{project?.slug ?? FIRST_PROJECT}</b>
        <br />
        {t("welcome.project.endpoint")}: <b>{t("welcome.project.endpointName")}</b>
      </Text>
      <Failed failure={failure} />
      <Button size="md" loading={busy} onClick={() => go()}>
        {t("welcome.project.go")}
      </Button>
    </Stack>
  );
}
