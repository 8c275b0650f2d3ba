import { Button, Menu } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconFilterPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { RequestDetail } from "../../api/schema";
import { NameScenario } from "../projects/scenarios";
import { scenariosQuery } from "../scenarios/reads";

/** From what has arrived to the rule that decides of its like: the editor opens with the request beside it. */
export function MakeRule({ org, request, governs }: { org: string; request: RequestDetail; governs: boolean }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [isNaming, { open, close }] = useDisclosure(false);
  const { data: scenarios } = useQuery(scenariosQuery(org, request.project_id));
  if (!scenarios || !governs) {
    return null;
  }
  const into = (name: string) =>
    void navigate({
      to: "/o/$org/projects/$id/scenarios/$name",
      params: { org, id: request.project_id, name },
      search: { request: request.id },
    });
  return (
    <>
      <Menu position="bottom-end" width={280}>
        <Menu.Target>
          <Button variant="default" leftSection={<IconFilterPlus size={18} aria-hidden />}>
            {t("endpoints.request.makeRule")}
          </Button>
        </Menu.Target>
        <Menu.Dropdown mah={320}>
          {scenarios.map(({ name }) => (
            <Menu.Item key={name} onClick={() => into(name)} className="inert">
              {t("endpoints.request.makeRuleIn", { name })}
            </Menu.Item>
          ))}
          <Menu.Item onClick={open}>{t("endpoints.request.makeRuleNew")}</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {isNaming && <NameScenario org={org} project={request.project_id} request={request.id} close={close} />}
    </>
  );
}
