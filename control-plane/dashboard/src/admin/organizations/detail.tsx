import { Badge, SimpleGrid, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { OrganizationDetail } from "../../api/schema";
import { Page } from "../../ui/page";
import { Section } from "../../ui/section";
import { Time } from "../../ui/time";
import { BackTo } from "../back";
import { useFigures } from "../figures";
import { Fact } from "../fleet/facts";
import { AdminLink, usePageId } from "../link";
import { type Column, List } from "../list";
import { organizationQuery } from "../reads";
import { Shown } from "../shown";

export function OrganizationPage() {
  const { t } = useTranslation();
  const asked = useQuery(organizationQuery(usePageId()));
  return (
    <Page title={asked.data?.name ?? t("admin.organizations.one")}>
      <BackTo place={{ to: "/organizations" }}>{t("admin.shell.organizations")}</BackTo>
      <Shown asked={asked}>{(organization) => <Whole organization={organization} />}</Shown>
    </Page>
  );
}

function Whole({ organization }: { organization: OrganizationDetail }) {
  const { t } = useTranslation();
  const { whole } = useFigures();
  const members: Column<OrganizationDetail["members"][number]>[] = [
    {
      title: t("admin.accounts.address"),
      bare: true,
      cell: (it) => (
        <div>
          <AdminLink place={{ to: "/accounts/$id", id: it.account_id }} size="sm" className="inert">
            {it.email}
          </AdminLink>
          {it.display_name && (
            <Text size="xs" c="dimmed" className="inert">
              {it.display_name}
            </Text>
          )}
        </div>
      ),
    },
    { title: t("admin.organizations.role"), cell: (it) => t(`codes.role.${it.role}`) },
    { title: t("admin.organizations.reachable"), cell: (it) => t(it.reachable ? "common.yes" : "common.no") },
  ];
  return (
    <>
      <Section title={t("admin.organizations.facts")}>
        <SimpleGrid component="dl" m={0} cols={{ base: 2, sm: 3, lg: 5 }} spacing="md">
          <Fact name={t("admin.organizations.slug")}>
            <span className="inert">{organization.slug}</span>
          </Fact>
          <Fact name={t("admin.organizations.timezone")}>
            <span className="inert">{organization.timezone}</span>
          </Fact>
          <Fact name={t("admin.organizations.created")}>
            <Time at={organization.created_at} />
          </Fact>
          <Fact name={t("admin.organizations.calls")}>{whole(organization.calls_24h)}</Fact>
          <Fact name={t("admin.organizations.blocked")}>{whole(organization.blocked_24h)}</Fact>
        </SimpleGrid>
        <AdminLink place={{ to: "/audit", search: { subject: organization.id } }} size="sm">
          {t("admin.audit.ofThis")}
        </AdminLink>
      </Section>
      <Section title={t("admin.organizations.members")}>
        {organization.members.length === 0 ? (
          <Text size="sm">{t("common.none")}</Text>
        ) : (
          <List
            label={t("admin.organizations.members")}
            columns={members}
            rows={organization.members}
            keyOf={(it) => it.account_id}
          />
        )}
      </Section>
      <Section title={t("admin.organizations.projects")}>
        {organization.projects.length === 0 ? (
          <Text size="sm">{t("common.none")}</Text>
        ) : (
          <div>
            {organization.projects.map((project) => (
              <Badge key={project.id} variant="default" radius="sm" tt="none" mr={6} className="inert">
                {project.slug}
              </Badge>
            ))}
          </div>
        )}
      </Section>
    </>
  );
}
