import { Alert, Badge, Button, Group, Paper, SimpleGrid, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Rule, ScenarioDocument } from "../../api/schema";
import { Dialog } from "../../ui/confirm";
import { Radio } from "../../ui/rare/radio";
import { merged, type Pair, pairs, type Side } from "./compare";
import { RuleWords } from "./words";

interface Given {
  base: Rule[];
  mine: Rule[];
  theirs: ScenarioDocument;
  busy: boolean;
  /** Over the version that was looked at, and over no other. */
  save: (rules: Rule[], version: string) => void;
  goOn: (rules: Rule[]) => void;
}

/** Both versions rule by rule, and the one that is made of them. A version that is saved meanwhile is compared anew. */
export function Conflict({ close, ...given }: Given & { close: () => void }) {
  const { t } = useTranslation();
  const { version } = given.theirs;
  const [first] = useState(version);
  return (
    <Dialog title={t("scenarios.conflict.title")} close={close} busy={given.busy} size="64rem">
      <Stack>
        {version !== first && (
          <Alert color="orange" variant="outline" title={t("scenarios.conflict.again")} role="alert">
            <Text size="sm">{t("scenarios.conflict.againHint")}</Text>
          </Alert>
        )}
        <Choices key={version} {...given} />
      </Stack>
    </Dialog>
  );
}

function Choices({ base, mine, theirs, busy, save, goOn }: Given) {
  const { t } = useTranslation();
  const [found] = useState(() => pairs(base, mine, theirs.rule));
  const [choices, setChoices] = useState<Side[]>(() => found.map(({ proposed }) => proposed));
  const all = (side: Side) => setChoices(found.map(() => side));
  return (
    <>
      <Text size="sm">{t("scenarios.conflict.hint")}</Text>
      <Group gap="sm">
        <Button variant="default" onClick={() => all("mine")}>
          {t("scenarios.conflict.keepMine")}
        </Button>
        <Button variant="default" onClick={() => all("theirs")}>
          {t("scenarios.conflict.takeTheirs")}
        </Button>
      </Group>
      <Stack component="ol" gap="md" p={0} m={0}>
        {found.map((pair, index) => (
          <PairRow
            // biome-ignore lint/suspicious/noArrayIndexKey: what is compared does not change
            key={index}
            pair={pair}
            place={index + 1}
            choice={choices[index] ?? pair.proposed}
            choose={(side) => setChoices((before) => before.with(index, side))}
          />
        ))}
      </Stack>
      <Group justify="flex-end" gap="sm">
        <Button variant="default" onClick={() => goOn(merged(found, choices))} disabled={busy}>
          {t("scenarios.conflict.goOn")}
        </Button>
        <Button onClick={() => save(merged(found, choices), theirs.version)} loading={busy}>
          {t("scenarios.conflict.save")}
        </Button>
      </Group>
    </>
  );
}

function markOf({ mine, theirs, isSame, isDisputed }: Pair) {
  if (isSame) {
    return "same";
  }
  if (mine && theirs) {
    return isDisputed ? "disputed" : "differs";
  }
  return mine ? "only_mine" : "only_theirs";
}

function PairRow({
  pair,
  place,
  choice,
  choose,
}: {
  pair: Pair;
  place: number;
  choice: Side;
  choose: (side: Side) => void;
}) {
  const { t } = useTranslation();
  const mark = markOf(pair);
  const head = (
    <Group gap="xs">
      <Text fw={700} size="sm">
        {t("scenarios.conflict.place", { place })}
      </Text>
      <Badge
        radius="sm"
        tt="none"
        {...(pair.isSame
          ? { color: "gray", variant: "outline" }
          : { color: mark === "disputed" ? "red.8" : "orange.9" })}
      >
        {t(`scenarios.conflict.${mark}`)}
      </Badge>
    </Group>
  );
  if (pair.isSame && pair.mine) {
    return (
      <Stack component="li" gap="xs" className="rule">
        {head}
        <Paper withBorder p="sm">
          <RuleWords rule={pair.mine} />
        </Paper>
      </Stack>
    );
  }
  return (
    <Stack component="li" gap="xs" className="rule">
      {head}
      <Radio.Group
        value={choice}
        onChange={(side) => choose(side as Side)}
        aria-label={t("scenarios.conflict.take", { place })}
      >
        <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="sm">
          {(["mine", "theirs"] as const).map((side) => (
            <SideCard key={side} side={side} rule={pair[side]} />
          ))}
        </SimpleGrid>
      </Radio.Group>
    </Stack>
  );
}

function SideCard({ side, rule }: { side: Side; rule: Rule | null }) {
  const { t } = useTranslation();
  return (
    <Radio.Card value={side} p="sm" aria-label={t(`scenarios.conflict.${side}`)}>
      <Group wrap="nowrap" align="flex-start" gap="sm">
        <Radio.Indicator />
        <Stack gap={4} miw={0}>
          <Text size="sm" fw={700}>
            {t(`scenarios.conflict.${side}`)}
          </Text>
          {rule ? (
            <RuleWords rule={rule} />
          ) : (
            <Text size="sm" c="dimmed">
              {t("scenarios.conflict.nothing")}
            </Text>
          )}
        </Stack>
      </Group>
    </Radio.Card>
  );
}
