import { Button, Group, SegmentedControl, Stack, Text, Title } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { PbxView } from "../../api/schema";
import { Empty, Page } from "../../ui/page";
import { linkTo, useGo, usePageSearch } from "../link";
import { fleetQuery } from "../reads";
import { SearchField } from "../search-field";
import { Shown } from "../shown";
import { PbxCard } from "./card";
import { byRegion, isProblem, versionsOf } from "./order";
import { Summary } from "./summary";

export function FleetPage() {
  const { t } = useTranslation();
  const asked = useQuery(fleetQuery);
  return (
    <Page
      wide
      title={t("admin.shell.fleet")}
      aside={
        <Button
          component={Link}
          {...linkTo({ to: "/enrol" })}
          variant="default"
          leftSection={<IconPlus size={16} aria-hidden />}
        >
          {t("admin.fleet.add")}
        </Button>
      }
    >
      <Shown asked={asked}>
        {(fleet) =>
          fleet.length === 0 ? (
            <Empty
              title={t("admin.fleet.none")}
              action={
                <Button component={Link} {...linkTo({ to: "/enrol" })}>
                  {t("admin.fleet.add")}
                </Button>
              }
            >
              {t("admin.fleet.noneHint")}
            </Empty>
          ) : (
            <Fleet fleet={fleet} />
          )
        }
      </Shown>
    </Page>
  );
}

function Fleet({ fleet }: { fleet: PbxView[] }) {
  const { t } = useTranslation();
  const search = usePageSearch();
  const go = useGo();
  const { q, only } = search;
  const newest = versionsOf(fleet)[0]?.[0];
  const wanted = (q ?? "").toLowerCase();
  const isNamed = ({ name, trunks }: PbxView) =>
    [name, ...trunks.map((it) => it.name)].join(" ").toLowerCase().includes(wanted);
  const shown = fleet.filter((pbx) => isNamed(pbx) && (only !== "problems" || isProblem(pbx)));
  return (
    <>
      <Summary fleet={fleet} />
      <Group gap="sm">
        <SearchField
          label={t("admin.fleet.search")}
          value={q}
          go={(sought) => go({ to: "/", search: { ...search, q: sought } }, true)}
        />
        <SegmentedControl
          aria-label={t("admin.fleet.which")}
          value={only === "problems" ? "problems" : "all"}
          onChange={(value) =>
            go({ to: "/", search: { ...search, only: value === "problems" ? value : undefined } }, true)
          }
          data={[
            { value: "all", label: t("admin.fleet.all") },
            { value: "problems", label: t("admin.fleet.problemsOnly") },
          ]}
        />
      </Group>
      {shown.length === 0 && (
        <Empty title={only === "problems" && !q ? t("admin.fleet.noProblem") : t("admin.nothingFound")} />
      )}
      {byRegion(shown).map(({ name, pbxs, problems }) => (
        <Stack key={name} gap="xs" component="section">
          <Group gap="sm" align="baseline">
            <Title order={2} size="h4" className="inert">
              {name || t("admin.fleet.noRegion")}
            </Title>
            <Text size="sm" c="dimmed">
              {t("admin.fleet.pbxs", { count: pbxs.length })}
              {problems > 0 && ` · ${t("admin.fleet.problems", { count: problems })}`}
            </Text>
          </Group>
          <div className="fleet-grid">
            {pbxs.map((pbx) => (
              <PbxCard key={pbx.id} pbx={pbx} newest={newest} />
            ))}
          </div>
        </Stack>
      ))}
    </>
  );
}
