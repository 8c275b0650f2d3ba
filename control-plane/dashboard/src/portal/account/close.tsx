import { Anchor, Button, List, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, take } from "../../api/client";
import { hold } from "../../api/gate";
import type { SessionDocument } from "../../api/schema";
import { sessionQuery, useSession } from "../../api/session";
import { forgetCached } from "../../keep";
import { Confirm } from "../../ui/confirm";
import { Failed } from "../../ui/deed";
import { Loading } from "../../ui/page";
import { Section } from "../../ui/section";

interface Block {
  organization: string;
  slug: string;
  project: string | null;
}

/** What the control plane would turn the closing down for: as far as a page of each list tells. */
async function blocksOf({ account, organizations }: SessionDocument): Promise<Block[]> {
  const found = organizations.map(async ({ slug, name, role }) => {
    const params = { query: { org: slug, limit: 200 } };
    const [members, projects] = await Promise.all([
      role === "owner" ? take(api.GET("/api/v1/members", { params })) : null,
      take(api.GET("/api/v1/projects", { params })),
    ]);
    const isLastOwner =
      members && !members.next && !members.items.some((who) => who.role === "owner" && who.account_id !== account.id);
    const mine = projects.items.filter(({ primary_account_id }) => primary_account_id === account.id);
    return [
      ...(isLastOwner ? [{ organization: name, slug, project: null }] : []),
      ...mine.map((project) => ({ organization: name, slug, project: project.slug })),
    ];
  });
  return (await Promise.all(found)).flat();
}

export function CloseAccount() {
  const { t } = useTranslation();
  const [asked, setAsked] = useState(false);
  return (
    <Section
      danger
      title={t("account.profile.close")}
      hint={t("account.profile.closeHint")}
      aside={
        <Button color="red.8" onClick={() => setAsked(true)}>
          {t("account.profile.close")}
        </Button>
      }
    >
      {asked && <Ask close={() => setAsked(false)} />}
    </Section>
  );
}

function Ask({ close }: { close: () => void }) {
  const { t } = useTranslation();
  const session = useSession();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const { email } = session.account;
  const blocks = useQuery({ queryKey: ["closing"], queryFn: () => blocksOf(session), gcTime: 0 });
  const leave = async () => {
    await take(api.DELETE("/api/v1/account"));
    hold(null);
    forgetCached();
    await navigate({ to: "/sign-up" });
    queries.clear();
    queries.setQueryData(sessionQuery.queryKey, null);
    notifications.show({ message: t("account.profile.closed") });
  };
  return (
    <Confirm
      title={t("account.profile.closeTitle", { email })}
      action={t("account.profile.closeGo")}
      ready={blocks.data?.length === 0}
      {...(blocks.data?.length ? {} : { type: { label: t("account.profile.closeType", { email }), word: email } })}
      does={leave}
      close={close}
    >
      {blocks.isPending && <Loading rows={2} height={24} />}
      <Failed failure={blocks.error} />
      {blocks.data && blocks.data.length > 0 ? (
        <>
          <Text fw={600}>{t("account.profile.blocks")}</Text>
          <List size="sm" spacing="xs">
            {blocks.data.map(({ organization, slug, project }) => (
              <List.Item key={`${slug}/${project ?? ""}`} className="inert">
                {project
                  ? t("account.profile.primary", { project, organization })
                  : t("account.profile.lastOwner", { organization })}{" "}
                <Anchor
                  component={Link}
                  to={project ? "/o/$org/projects" : "/o/$org/team"}
                  params={{ org: slug } as never}
                  size="sm"
                >
                  {project ? t("shell.projects") : t("shell.team")}
                </Anchor>
              </List.Item>
            ))}
          </List>
        </>
      ) : (
        <Text size="sm">{t("account.profile.closeText")}</Text>
      )}
    </Confirm>
  );
}
