import { Group, Select, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { MOST_MEMBERS, nameOf, peopleQuery } from "./reads";

/** Picks a member by name or address, and says who cannot be rung. */
export function PersonSelect({
  org,
  value,
  change,
  error,
  label,
  description,
  readOnly = false,
}: {
  org: string;
  value: string | null;
  change: (account: string | null) => void;
  error?: string | null | undefined;
  label: string;
  description?: string;
  readOnly?: boolean;
}) {
  const { t } = useTranslation();
  const { data: people = [], isPending } = useQuery(peopleQuery(org));
  const byId = new Map(people.map((person) => [person.account_id, person]));
  return (
    <Select
      label={label}
      description={
        people.length >= MOST_MEMBERS ? t("projects.members", { count: people.length }) : (description ?? null)
      }
      data={people.map((person) => ({
        value: person.account_id,
        label: person.display_name && person.email ? `${person.display_name} · ${person.email}` : nameOf(person),
      }))}
      value={value}
      onChange={change}
      error={error}
      searchable
      required
      limit={100}
      readOnly={readOnly}
      disabled={isPending}
      allowDeselect={false}
      nothingFoundMessage={t("common.none")}
      renderOption={({ option }) => (
        <Group gap="xs" wrap="nowrap" justify="space-between" flex={1}>
          <Text size="sm" className="inert">
            {option.label}
          </Text>
          {byId.get(option.value)?.reachable === false && (
            <Text size="xs" c="dimmed">
              {t("projects.unreachable")}
            </Text>
          )}
        </Group>
      )}
    />
  );
}
