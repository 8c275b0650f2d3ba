import { SimpleGrid } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { PbxView } from "../../api/schema";
import { useFigures } from "../figures";
import { Tile } from "../tile";
import { conditionOf, isProblem, versionsOf } from "./order";

/** The fleet at a glance. */
export function Summary({ fleet }: { fleet: PbxView[] }) {
  const { t } = useTranslation();
  const { whole } = useFigures();
  const problems = fleet.filter(isProblem).length;
  const healthy = fleet.filter((pbx) => pbx.health === "healthy").length;
  const draining = fleet.filter((pbx) => conditionOf(pbx) === "draining").length;
  const waiting = fleet.filter((pbx) => conditionOf(pbx) === "waiting").length;
  const trunks = fleet.filter((pbx) => pbx.health === "healthy").flatMap((pbx) => pbx.trunks);
  const room = trunks.filter((trunk) => trunk.online).reduce((sum, trunk) => sum + trunk.max_concurrent, 0);
  const active = fleet.reduce((sum, pbx) => sum + pbx.active, 0);
  const versions = versionsOf(fleet);
  const aside = [
    draining > 0 && t("admin.fleet.summary.draining", { count: draining }),
    waiting > 0 && t("admin.fleet.summary.waiting", { count: waiting }),
  ].filter(Boolean);
  return (
    <SimpleGrid cols={{ base: 2, md: 4 }} spacing="sm">
      <Tile
        title={t("admin.fleet.summary.problems")}
        value={whole(problems)}
        bad={problems > 0}
        hint={problems === 0 ? t("admin.fleet.summary.allWell") : t("admin.fleet.summary.first")}
      />
      <Tile
        title={t("admin.fleet.summary.healthy")}
        value={`${whole(healthy)} / ${whole(fleet.length)}`}
        hint={aside.join(" · ")}
      />
      <Tile
        title={t("admin.fleet.summary.calls")}
        value={whole(active)}
        hint={t("admin.fleet.summary.room", { count: room })}
      />
      <Tile
        title={t("admin.fleet.summary.versions")}
        value={versions.length > 0 ? <span className="inert">{versions[0]?.[0]}</span> : "–"}
        hint={
          versions.length > 1
            ? versions.map(([version, count]) => `${version}: ${whole(count)}`).join(" · ")
            : t("admin.fleet.summary.sameVersion")
        }
      />
    </SimpleGrid>
  );
}
