import { Alert, Button, Fieldset, Grid, Group, Stack, Text, VisuallyHidden } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useSearch } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { ProjectDocument, Rule, ScenarioDocument } from "../../api/schema";
import { useSession } from "../../api/session";
import { Failed } from "../../ui/deed";
import { PageLink } from "../../ui/link";
import { Page } from "../../ui/page";
import { visible } from "../../ui/visible";
import { useOrganization } from "../organization";
import { Conflict } from "./conflict";
import type { Place } from "./draft";
import { FieldTree } from "./field-tree";
import { type Field, fieldsOf } from "./fields";
import { LeaveGuard } from "./leave-guard";
import { Notices } from "./notices";
import { PayloadPicker } from "./payload";
import { RemoveScenario } from "./remove";
import { RuleList } from "./rule-list";
import { complaints, placed, type Scalar } from "./rules";
import { TryOut } from "./try-out";
import { useEdits } from "./use-edits";
import { usePayload } from "./use-payload";
import { useTrial } from "./use-trial";

const pathsOf = (fields: Field[]): string[] => fields.flatMap(({ path, children }) => [path, ...pathsOf(children)]);

/** Rules on the one side, what a payload would do with them on the other. */
export function Workbench({
  place,
  stored,
  project,
}: {
  place: Place;
  stored: ScenarioDocument | null;
  project: ProjectDocument;
}) {
  const { t } = useTranslation();
  const { governs } = useOrganization();
  const { account } = useSession();
  const { request } = useSearch({ from: "/signed-in/o/$org/projects/$id/scenarios/$name" });
  const edits = useEdits(place, stored, account.id);
  const payload = usePayload(place, request, governs);
  const wrong = useMemo(() => complaints(edits.rules), [edits.rules]);
  const trial = useTrial(place, stored?.id, wrong.length > 0 ? null : edits.now, payload.wish);
  const [said, say] = useState("");
  const [isLeaving, setLeaving] = useState(false);
  const view = (trial.isCurrent && trial.dry?.fields) || payload.view;
  const paths = useMemo(() => pathsOf(fieldsOf(view)), [view]);
  const isUnsaved = edits.isDirty || stored === null;
  const save = async (rules?: Rule[], version?: string | null) => {
    if (await edits.save(rules, version)) {
      edits.compare(false);
      notifications.show({ message: t("scenarios.saved"), color: "teal" });
      return true;
    }
    return false;
  };
  const pick = (field: string, value: Scalar | undefined) => {
    const put = placed(edits.rules, edits.at, field, value);
    edits.edit(() => put.rules);
    edits.setAt(put.at);
    say(t("scenarios.payload.put", { field: visible(field), rule: put.index + 1 }));
  };
  return (
    <Page
      title={t("scenarios.title", { name: place.name })}
      wide
      aside={
        governs && <SaveBar edits={edits} isUnsaved={isUnsaved} mistakes={wrong.length} save={() => void save()} />
      }
    >
      <Head place={place} project={project} isNew={stored === null} users={payload.users} governs={governs} />
      <Notices edits={edits} stored={stored} makeAgain={() => void save(edits.now, null)} />
      {edits.refusal && edits.refusal.rule === null && <Failed failure={edits.refusal.error as Error} />}
      <VisuallyHidden role="status">{said}</VisuallyHidden>
      <Grid gap="lg">
        <Grid.Col span={{ base: 12, lg: 7 }}>
          <Fieldset variant="unstyled" disabled={!governs} aria-label={t("scenarios.title", { name: place.name })}>
            <RuleList
              org={place.org}
              edits={edits}
              complaints={wrong}
              dry={trial.isCurrent && trial.hinderedBy === null ? trial.dry : null}
              view={view}
              paths={paths}
              say={say}
            />
          </Fieldset>
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 5 }}>
          <Stack className="beside">
            <TryOut trial={trial}>
              <PayloadPicker payload={payload} />
            </TryOut>
            {view != null && <FieldTree view={view} pick={governs ? pick : null} />}
          </Stack>
        </Grid.Col>
      </Grid>
      {governs && stored && <RemoveScenario place={place} stored={stored} leaving={() => setLeaving(true)} />}
      {edits.isComparing && stored && (
        <Conflict
          base={edits.base.rules}
          mine={edits.now}
          theirs={stored}
          busy={edits.isSaving}
          save={(rules, version) => void save(rules, version)}
          goOn={(rules) => {
            edits.goOnWith(rules);
            edits.compare(false);
          }}
          close={() => edits.compare(false)}
        />
      )}
      <LeaveGuard isUnsaved={edits.isDirty && !isLeaving} />
    </Page>
  );
}

function SaveBar({
  edits,
  isUnsaved,
  mistakes,
  save,
}: {
  edits: ReturnType<typeof useEdits>;
  isUnsaved: boolean;
  mistakes: number;
  save: () => void;
}) {
  const { t } = useTranslation();
  return (
    <Group gap="sm">
      {isUnsaved && (
        <Text size="sm" c="dimmed" role="status">
          {mistakes > 0 ? t("scenarios.mend", { count: mistakes }) : t("scenarios.unsaved")}
        </Text>
      )}
      <Button onClick={save} loading={edits.isSaving} disabled={!isUnsaved || mistakes > 0}>
        {t("scenarios.save")}
      </Button>
    </Group>
  );
}

function Head({
  place,
  project,
  isNew,
  users,
  governs,
}: {
  place: Place;
  project: ProjectDocument;
  isNew: boolean;
  users: { id: string; name: string }[] | null;
  governs: boolean;
}) {
  const { t } = useTranslation();
  return (
    <Stack gap={4}>
      <Text size="sm" component="div">
        <PageLink
          to="/o/$org/projects/$id"
          params={{ org: place.org, id: place.project }}
          underline="always"
          size="sm"
          className="inert"
          c="var(--chosen)"
        >
          {t("scenarios.project", { slug: project.slug })}
        </PageLink>
        {users && users.length > 0 && (
          <>
            {" · "}
            {t("scenarios.usedBy")}:{" "}
            {users.slice(0, 5).map(({ id, name }, index) => (
              <span key={id}>
                {index > 0 && ", "}
                <PageLink
                  to="/o/$org/endpoints/$id"
                  params={{ org: place.org, id }}
                  search={{}}
                  underline="always"
                  size="sm"
                  className="inert"
                  c="var(--chosen)"
                >
                  {name || t("endpoints.unnamed")}
                </PageLink>
              </span>
            ))}
            {users.length > 5 && ` +${users.length - 5}`}
          </>
        )}
      </Text>
      <Text size="sm" c="dimmed">
        {t("scenarios.hint")}
      </Text>
      {isNew && governs && <Alert color="gray" variant="outline" p="sm" title={t("scenarios.isNew")} />}
      {!isNew && users?.length === 0 && (
        <Alert color="orange" variant="outline" p="sm" title={t("scenarios.unused")} />
      )}
      {!governs && <Alert color="gray" variant="outline" p="sm" title={t("scenarios.readOnly")} />}
    </Stack>
  );
}
