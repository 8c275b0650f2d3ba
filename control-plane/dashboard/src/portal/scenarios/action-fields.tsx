import { Autocomplete, Group, Select, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { Action, ActionWord } from "../../api/schema";
import { nameOf, peopleQuery } from "../projects/reads";
import { ACTIONS } from "./rules";

/** What a rule does, and whom it names. */
export function ActionFields({
  org,
  action,
  title,
  change,
  error,
}: {
  org: string;
  action: Action;
  title: string;
  change: (action: Action) => void;
  error: string | undefined;
}) {
  const { t } = useTranslation();
  const { data: people = [] } = useQuery(peopleQuery(org));
  const words: ActionWord[] = ACTIONS.includes(action.do) ? ACTIONS : [...ACTIONS, action.do];
  const byEmail = new Map(people.flatMap((person) => (person.email ? [[person.email, person]] : [])));
  return (
    <Stack gap={4}>
      <Group gap="xs" align="flex-start">
        <Select
          aria-label={`${t("scenarios.action.label")} · ${title}`}
          data={words.map((word) => ({
            value: word,
            label: t(`scenarios.action.${word}`, { schedule: action.schedule ?? "" }),
          }))}
          value={action.do}
          onChange={(word) => word && change(chosen(word as ActionWord, action))}
          allowDeselect={false}
          flex="1 1 220px"
          miw={0}
        />
        {action.do === "call_member" && (
          <Autocomplete
            aria-label={`${t("scenarios.action.member")} · ${title}`}
            placeholder={t("scenarios.action.memberHint")}
            data={[...byEmail.keys()]}
            value={action.member ?? ""}
            onChange={(member) => change({ do: "call_member", member })}
            error={error}
            limit={50}
            flex="1 1 220px"
            miw={0}
            autoCapitalize="none"
            spellCheck={false}
            renderOption={({ option }) => {
              const person = byEmail.get(option.value);
              return (
                <Stack gap={0}>
                  <Text size="sm" className="inert">
                    {nameOf(person)}
                  </Text>
                  <Text size="xs" c="dimmed">
                    {person?.display_name ? option.value : ""}
                    {person?.reachable === false && ` ${t("scenarios.action.noPhone")}`}
                  </Text>
                </Stack>
              );
            }}
          />
        )}
      </Group>
      <Text size="xs" c="dimmed">
        {t(`scenarios.action.${action.do}Hint`)}
        {action.do === "call_member" && byEmail.get(action.member ?? "")?.reachable === false && (
          <> · {t("scenarios.action.noPhone")}</>
        )}
      </Text>
    </Stack>
  );
}

function chosen(word: ActionWord, before: Action): Action {
  return word === "call_member" ? { do: word, member: before.member ?? "" } : { ...before, do: word };
}
