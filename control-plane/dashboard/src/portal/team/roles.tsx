import { Stack } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Role } from "../../api/schema";
import type { english } from "../../texts/en";
import { Radio } from "../../ui/rare/radio";
import { Table } from "../../ui/rare/table";
import { Section } from "../../ui/section";
import { useOrganization } from "../organization";

const ROLES: Role[] = ["owner", "admin", "member", "viewer"];

/** docs/permissions.md: how many of the roles, the mightiest first, may do it. */
const MAY: Record<keyof (typeof english)["team"]["may"], number> = {
  look: 4,
  handle: 3,
  projects: 2,
  endpoints: 2,
  deleteProjects: 2,
  members: 2,
  keys: 2,
  audit: 2,
  organization: 2,
  owners: 1,
  deleteOrganization: 1,
};

/** Roles that one may give: owners alone make owners. */
export function RoleChoice({ value, onChange }: { value: Role; onChange: (role: Role) => void }) {
  const { t } = useTranslation();
  const { owns } = useOrganization();
  return (
    <Radio.Group label={t("team.role")} value={value} onChange={(role) => onChange(role as Role)}>
      <Stack gap="xs" mt="xs">
        {ROLES.filter((role) => owns || role !== "owner").map((role) => (
          <Radio key={role} value={role} label={t(`codes.role.${role}`)} description={t(`team.roleHint.${role}`)} />
        ))}
      </Stack>
    </Radio.Group>
  );
}

/** What each role may do. */
export function Roles() {
  const { t } = useTranslation();
  return (
    <Section title={t("team.roles")}>
      <Table className="stacked">
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">{t("team.what")}</Table.Th>
            {ROLES.map((role) => (
              <Table.Th key={role} scope="col">
                {t(`codes.role.${role}`)}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {(Object.keys(MAY) as (keyof typeof MAY)[]).map((act) => (
            <Table.Tr key={act}>
              <Table.Th scope="row" fw={400}>
                {t(`team.may.${act}`)}
              </Table.Th>
              {ROLES.map((role, index) => (
                <Table.Td key={role} className="beside" data-title={t(`codes.role.${role}`)}>
                  {index < MAY[act] ? <IconCheck size={18} role="img" aria-label={t("common.yes")} /> : null}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Section>
  );
}
