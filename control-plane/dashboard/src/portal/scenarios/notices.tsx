import { Alert, Button, Group, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useTranslation } from "react-i18next";
import type { ScenarioDocument } from "../../api/schema";
import { Confirm } from "../../ui/confirm";
import { Time } from "../../ui/time";
import type { Edits } from "./use-edits";

/** What somebody has to know of their edits: that they are back, or that others have saved meanwhile. */
export function Notices({
  edits,
  stored,
  makeAgain,
}: {
  edits: Edits;
  stored: ScenarioDocument | null;
  makeAgain: () => void;
}) {
  const { t } = useTranslation();
  const [isAsking, { open, close }] = useDisclosure(false);
  const isDeleted = stored === null && edits.base.version !== null;
  return (
    <>
      {edits.restored && edits.isDirty && (
        <Alert color="blue" variant="outline" title={t("scenarios.draft.restored")}>
          <Stack gap="xs">
            <Text size="sm" component="div">
              {t("scenarios.draft.from")} <Time at={edits.restored} />.
              {edits.isNewer && stored && ` ${t("scenarios.draft.older")}`}
            </Text>
            <Group>
              <Button size="xs" variant="default" onClick={open}>
                {t("scenarios.draft.drop")}
              </Button>
            </Group>
          </Stack>
        </Alert>
      )}
      {edits.isDirty && !edits.isKept && <Alert color="orange" variant="outline" title={t("scenarios.notKept")} />}
      {isDeleted && (
        <Alert color="orange" variant="outline" title={t("scenarios.conflict.deleted")} role="alert">
          <Stack gap="xs">
            <Text size="sm">{t("scenarios.conflict.deletedHint")}</Text>
            <Group>
              <Button size="xs" variant="default" onClick={makeAgain}>
                {t("scenarios.conflict.makeAgain")}
              </Button>
            </Group>
          </Stack>
        </Alert>
      )}
      {edits.isNewer && edits.isDirty && stored && (
        <Alert color="orange" variant="outline" title={t("scenarios.conflict.newer")} role="alert">
          <Stack gap="xs">
            <Text size="sm">{t("scenarios.conflict.newerHint")}</Text>
            <Group>
              <Button size="xs" variant="default" onClick={() => edits.compare(true)}>
                {t("scenarios.conflict.compare")}
              </Button>
            </Group>
          </Stack>
        </Alert>
      )}
      {edits.isDirty && !edits.restored && (
        <Group>
          <Button size="xs" variant="subtle" color="gray" onClick={open}>
            {t("scenarios.undo")}
          </Button>
        </Group>
      )}
      {isAsking && (
        <Confirm
          title={t(edits.restored ? "scenarios.draft.askDrop" : "scenarios.askUndo")}
          action={t("scenarios.draft.drop")}
          does={async () => edits.drop()}
          close={close}
        >
          <Text size="sm">{t("scenarios.draft.dropHint")}</Text>
        </Confirm>
      )}
    </>
  );
}
