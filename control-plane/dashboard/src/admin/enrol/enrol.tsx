import { Stack } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { EnrolmentToken, PbxDocument } from "../../api/schema";
import { NotFound } from "../../ui/failure";
import { Page } from "../../ui/page";
import { useGo, usePageSearch } from "../link";
import { fleetQuery } from "../reads";
import { Shown } from "../shown";
import { Arrival } from "./arrival";
import { HostSteps } from "./host-steps";
import { NameStep } from "./name-step";
import { TokenStep } from "./token-step";

interface Made {
  pbx: string;
  token: EnrolmentToken;
  /** When a host was last enrolled under this name, before the token. */
  before: string | null;
}

/** From a name to a host that rings people. Which PBX it is stands in the address: a reload loses only the token. */
export function EnrolPage() {
  const { t } = useTranslation();
  const { pbx: id } = usePageSearch();
  const go = useGo();
  const asked = useQuery(fleetQuery);
  const [created, setCreated] = useState<PbxDocument | null>(null);
  const [made, setMade] = useState<Made | null>(null);
  return (
    <Page title={t("admin.enrol.title")}>
      <Shown asked={asked}>
        {(fleet) => {
          const known = fleet.find((it) => it.id === id);
          const pbx: PbxDocument | undefined = known ?? (created && created.id === id ? created : undefined);
          const mine = made && made.pbx === pbx?.id ? made : null;
          if (id && !pbx) {
            return <NotFound />;
          }
          return (
            <Stack gap="md">
              <NameStep
                pbx={pbx}
                fleet={fleet}
                done={(named) => {
                  setCreated(named);
                  go({ to: "/enrol", search: { pbx: named.id } });
                }}
              />
              {pbx && (
                <>
                  <TokenStep
                    key={pbx.id}
                    pbx={pbx}
                    known={known}
                    token={mine?.token ?? null}
                    made={(token) => setMade({ pbx: pbx.id, token, before: known?.enrolled_at ?? null })}
                  />
                  <HostSteps pbx={pbx} isAgain={Boolean(known?.enrolled_at)} />
                  <Arrival key={`arrival of ${pbx.id}`} known={known} before={mine?.before} />
                </>
              )}
            </Stack>
          );
        }}
      </Shown>
    </Page>
  );
}
