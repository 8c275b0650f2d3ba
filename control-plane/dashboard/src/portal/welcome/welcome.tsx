import { Anchor, Button, Group, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { MembershipDocument, PhoneDocument } from "../../api/schema";
import { membershipIn, useSession } from "../../api/session";
import { Failure } from "../../ui/failure";
import { Loading, Page } from "../../ui/page";
import { OrganizationStep } from "./organization-step";
import { PhoneStep } from "./phone-step";
import { ProjectStep } from "./project-step";
import { firstEndpointQuery, firstProjectQuery, phonesQuery, takenQuery } from "./queries";
import { Step } from "./step";
import { TestStep } from "./test-step";
import styles from "./welcome.module.css";

export function WelcomePage() {
  const { t } = useTranslation();
  const session = useSession();
  const { org } = useSearch({ from: "/signed-in/welcome" });
  const membership = org ? membershipIn(session, org) : undefined;
  const governs = membership?.role === "owner" || membership?.role === "admin";
  const isGuest = membership !== undefined && !governs;
  const phones = useQuery(phonesQuery);
  if (!phones.data) {
    return (
      <Page title={t("welcome.title")}>
        {phones.error ? <Failure error={phones.error} retry={() => void phones.refetch()} /> : <Loading rows={4} />}
      </Page>
    );
  }
  return (
    <Page
      title={isGuest ? t("welcome.titleJoined", { name: membership.name }) : t("welcome.title")}
      aside={membership && <Later org={membership.slug} />}
    >
      <Text c="dimmed">{t(isGuest ? "welcome.hintJoined" : "welcome.hint")}</Text>
      {isGuest ? (
        <ol className={styles["steps"]} aria-label={t("welcome.steps")}>
          <Phone number={1} phones={phones.data} isNext />
          {phones.data.some(({ verified }) => verified) && <AllDone org={membership.slug} />}
        </ol>
      ) : membership ? (
        <Steps membership={membership} phones={phones.data} />
      ) : (
        <ol className={styles["steps"]} aria-label={t("welcome.steps")}>
          <Step
            number={1}
            title={t("welcome.organization.title")}
            hint={t("welcome.organization.hint")}
            done={null}
            current
          >
            <OrganizationStep />
          </Step>
          <Ahead number={2} title={t("welcome.phone.title")} hint={t("welcome.phone.hint")} />
          <Ahead number={3} title={t("welcome.project.title")} hint={t("welcome.project.hint")} />
          <Ahead number={4} title={t("welcome.test.title")} hint={t("welcome.test.hint")} />
        </ol>
      )}
    </Page>
  );
}

function Later({ org }: { org: string }) {
  const { t } = useTranslation();
  return (
    <Anchor size="sm" renderRoot={(props) => <Link to="/o/$org/alerts" params={{ org }} {...props} />}>
      {t("welcome.later")}
    </Anchor>
  );
}

function AllDone({ org }: { org: string }) {
  const { t } = useTranslation();
  return (
    <Group component="li" gap="sm">
      <Text fw={600}>{t("welcome.allDone")}</Text>
      <Button renderRoot={(props) => <Link to="/o/$org/alerts" params={{ org }} {...props} />}>
        {t("welcome.toAlerts")}
      </Button>
    </Group>
  );
}

/** A step that cannot be done yet. */
function Ahead({ number, title, hint }: { number: number; title: string; hint: string }) {
  return (
    <Step number={number} title={title} hint={hint} done={null} current={false}>
      {null}
    </Step>
  );
}

function Phone({ number, phones, isNext }: { number: number; phones: PhoneDocument[]; isNext: boolean }) {
  const { t } = useTranslation();
  const verified = phones.find((phone) => phone.verified);
  return (
    <Step
      number={number}
      title={t("welcome.phone.title")}
      hint={t("welcome.phone.hint")}
      done={verified ? t("welcome.phone.is", { number: verified.number }) : null}
      current={isNext && !verified}
    >
      {!verified && <PhoneStep phones={phones} />}
    </Step>
  );
}

/** What is left to do in an organization that there is: each step knows by itself whether it is done. */
function Steps({ membership, phones }: { membership: MembershipDocument; phones: PhoneDocument[] }) {
  const { t } = useTranslation();
  const org = membership.slug;
  const first = useQuery(firstProjectQuery(org));
  const project = first.data?.project ?? null;
  const endpoints = useQuery(firstEndpointQuery(org, project?.id));
  const taken = useQuery(takenQuery(org));
  const endpoint = endpoints.data?.endpoint ?? null;
  const hasPhone = phones.some(({ verified }) => verified);
  const failed = [first, endpoints, taken].find(({ isError, data }) => isError && !data);
  if (failed) {
    return <Failure error={failed.error} retry={() => void failed.refetch()} />;
  }
  if (!first.data || !taken.data || (project && !endpoints.data)) {
    return <Loading rows={4} />;
  }
  return (
    <ol className={styles["steps"]} aria-label={t("welcome.steps")}>
      <Step
        number={1}
        title={t("welcome.organization.title")}
        hint={t("welcome.organization.hint")}
        done={t("welcome.organization.is", { name: membership.name, zone: membership.timezone })}
        current={false}
      >
        {null}
      </Step>
      <Phone number={2} phones={phones} isNext />
      <Step
        number={3}
        title={t("welcome.project.title")}
        hint={t("welcome.project.hint")}
        done={
          project && endpoint
            ? t("welcome.project.is", {
                project: project.slug,
                endpoint: endpoint.name || t("welcome.project.unnamed"),
              })
            : null
        }
        current={hasPhone && !endpoint}
      >
        {!endpoint && <ProjectStep org={org} project={project} governs />}
      </Step>
      <Step
        number={4}
        title={t("welcome.test.title")}
        hint={t("welcome.test.hint")}
        done={taken.data.any ? t("welcome.test.is") : null}
        current={hasPhone && endpoint !== null}
      >
        {endpoint && <TestStep org={org} endpoint={endpoint} reachable={hasPhone} governs />}
      </Step>
    </ol>
  );
}
