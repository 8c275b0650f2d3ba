import { SimpleGrid, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { AbuseSignals } from "../../api/schema";
import { Page } from "../../ui/page";
import { Time } from "../../ui/time";
import { useFigures } from "../figures";
import { AdminLink } from "../link";
import type { Column } from "../list";
import { abuseQuery } from "../reads";
import { Shown } from "../shown";
import { Tile } from "../tile";
import { Signal } from "./signal";
import { Verifications } from "./verifications";

export function AbusePage() {
  const { t } = useTranslation();
  const asked = useQuery(abuseQuery);
  return (
    <Page title={t("admin.shell.abuse")}>
      <Shown asked={asked}>{(abuse) => <Signals abuse={abuse} />}</Shown>
    </Page>
  );
}

/** What may be misuse, each with what it means and what to do. */
function Signals({ abuse }: { abuse: AbuseSignals }) {
  const { t, i18n } = useTranslation();
  const { whole } = useFigures();
  const organization = (it: { org_id: string; organization: string }) => (
    <AdminLink place={{ to: "/organizations/$id", id: it.org_id }} size="sm" className="inert">
      {it.organization}
    </AdminLink>
  );
  const tried = (what: string) => {
    const key = `admin.abuse.tried.${what}`;
    return i18n.exists(key) ? t(key as "admin.abuse.tried.links from") : <span className="inert">{what}</span>;
  };
  const blocked: Column<AbuseSignals["blocked"][number]>[] = [
    { title: t("admin.calls.organization"), bare: true, cell: organization },
    {
      title: t("admin.abuse.why"),
      cell: (it) => (it.reason ? t(`codes.reason.${it.reason}`) : "–"),
    },
    { title: t("admin.abuse.calls"), number: true, cell: (it) => whole(it.calls) },
  ];
  const busiest: Column<AbuseSignals["busiest"][number]>[] = [
    { title: t("admin.calls.organization"), bare: true, cell: organization },
    { title: t("admin.abuse.calls"), number: true, cell: (it) => whole(it.calls) },
  ];
  const tries: Column<AbuseSignals["sign_ins"][number]>[] = [
    { title: t("admin.abuse.whose"), bare: true, cell: (it) => <span className="inert">{it.whose}</span> },
    { title: t("admin.abuse.what"), cell: (it) => tried(it.what) },
    {
      title: t("admin.abuse.count"),
      number: true,
      cell: (it) => (
        <div>
          {t("admin.abuse.ofLimit", { tries: whole(it.count), limit: whole(it.limit) })}
          {it.count >= it.limit && <Text size="xs">{t("admin.abuse.refused")}</Text>}
        </div>
      ),
    },
  ];
  return (
    <>
      <Text size="sm" c="dimmed">
        {t("admin.abuse.since")} <Time at={abuse.since} absolute />
      </Text>
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="sm">
        <Tile
          title={t("admin.abuse.reused.title")}
          value={whole(abuse.refresh_reused)}
          bad={abuse.refresh_reused > 0}
          hint={
            <>
              {t("admin.abuse.reused.hint")}{" "}
              <AdminLink
                place={{ to: "/audit", search: { action: "session.refresh_reused" } }}
                fz="xs"
                underline="always"
              >
                {t("admin.abuse.toAudit")}
              </AdminLink>
            </>
          }
        />
        <Tile
          title={t("admin.abuse.failures.title")}
          value={whole(abuse.many_failures)}
          bad={abuse.many_failures > 0}
          hint={
            <>
              {t("admin.abuse.failures.hint")}{" "}
              <AdminLink
                place={{ to: "/audit", search: { action: "session.many_failures" } }}
                fz="xs"
                underline="always"
              >
                {t("admin.abuse.toAudit")}
              </AdminLink>
            </>
          }
        />
      </SimpleGrid>
      <Signal
        title={t("admin.abuse.blocked.title")}
        hint={t("admin.abuse.blocked.hint")}
        columns={blocked}
        rows={abuse.blocked}
        keyOf={(it) => it.org_id + it.reason}
      />
      <Verifications rows={abuse.verifications} />
      <Signal
        title={t("admin.abuse.tries.title")}
        hint={t("admin.abuse.tries.hint")}
        columns={tries}
        rows={abuse.sign_ins}
        keyOf={(it) => `${it.what} ${it.whose}`}
      />
      <Signal
        title={t("admin.abuse.busiest.title")}
        hint={t("admin.abuse.busiest.hint")}
        columns={busiest}
        rows={abuse.busiest}
        keyOf={(it) => it.org_id}
      />
    </>
  );
}
