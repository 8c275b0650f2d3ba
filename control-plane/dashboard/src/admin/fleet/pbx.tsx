import { Alert, Group, Stack, Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { PbxView } from "../../api/schema";
import { NotFound } from "../../ui/failure";
import { Page } from "../../ui/page";
import { Section } from "../../ui/section";
import { BackTo } from "../back";
import { AdminLink, usePageId } from "../link";
import { fleetQuery } from "../reads";
import { Shown } from "../shown";
import { Facts } from "./facts";
import { HealthMark } from "./marks";
import { versionsOf } from "./order";
import { DrainButton, Keys } from "./pbx-deeds";
import { TrunkDetail } from "./trunk";

export function PbxPage() {
  const { t } = useTranslation();
  const id = usePageId();
  const asked = useQuery(fleetQuery);
  const pbx = asked.data?.find((it) => it.id === id);
  return (
    <Page
      title={pbx?.name ?? t("admin.fleet.pbx")}
      aside={
        pbx && (
          <Group gap="sm">
            <HealthMark pbx={pbx} />
            {!pbx.revoked && pbx.enrolled_at && <DrainButton pbx={pbx} />}
          </Group>
        )
      }
    >
      <BackTo place={{ to: "/" }}>{t("admin.shell.fleet")}</BackTo>
      <Shown asked={asked}>
        {(fleet) => (pbx ? <Whole pbx={pbx} newest={versionsOf(fleet)[0]?.[0]} /> : <NotFound />)}
      </Shown>
    </Page>
  );
}

function Whole({ pbx, newest }: { pbx: PbxView; newest: string | undefined }) {
  const { t } = useTranslation();
  return (
    <>
      <Trouble pbx={pbx} />
      <Section title={t("admin.fleet.facts.title")}>
        <Facts pbx={pbx} newest={newest} />
      </Section>
      <Section title={t("admin.fleet.trunks")} hint={t("admin.fleet.trunksHint")}>
        {pbx.trunks.length === 0 ? (
          <Text size="sm">{t("admin.fleet.noTrunks")}</Text>
        ) : (
          <Stack gap="sm">
            {pbx.trunks.map((trunk) => (
              <TrunkDetail key={trunk.name} pbx={pbx} trunk={trunk} />
            ))}
          </Stack>
        )}
      </Section>
      <Keys pbx={pbx} />
    </>
  );
}

/** What is wrong, in words, and what to do about it. */
function Trouble({ pbx }: { pbx: PbxView }) {
  const { t } = useTranslation();
  if (pbx.health === "offline" && !pbx.enrolled_at && !pbx.revoked) {
    return (
      <Alert color="gray" variant="outline" title={t("admin.fleet.notEnrolled")}>
        <Stack gap="xs" align="flex-start">
          <Text size="sm">{t("admin.fleet.trouble.notEnrolled")}</Text>
          <AdminLink place={{ to: "/enrol", search: { pbx: pbx.id } }} size="sm">
            {t("admin.fleet.goOnEnrolling")}
          </AdminLink>
        </Stack>
      </Alert>
    );
  }
  const why = pbx.revoked ? "revoked" : pbx.health;
  if (why === "healthy" && !pbx.trouble) {
    return null;
  }
  return (
    <Alert
      color={why === "offline" ? "red" : "orange"}
      variant="outline"
      icon={<IconAlertTriangle aria-hidden />}
      title={t(why === "healthy" ? "admin.fleet.trouble.title" : `admin.fleet.trouble.${why}Title`)}
    >
      <Stack gap="xs">
        {pbx.trouble && (
          <Text size="sm" className="inert">
            {pbx.trouble}
          </Text>
        )}
        {why !== "healthy" && <Text size="sm">{t(`admin.fleet.trouble.${why}`)}</Text>}
      </Stack>
    </Alert>
  );
}
