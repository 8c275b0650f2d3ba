import { Checkbox, Group, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { componentsQuery } from "../reads";

const OURS = ["intake", "dispatch", "portal", "mail"] as const;

/** A part of the service in words. */
export function useComponentName() {
  const { t } = useTranslation();
  return (id: string) => {
    const ours = OURS.find((it) => it === id);
    return ours
      ? t(`admin.incidents.components.${ours}`)
      : t("admin.incidents.components.pbx", { region: id.replace(/^pbx:/, "") });
  };
}

/** What of the service is affected. */
export function Components({ value, onChange }: { value: string[]; onChange: (value: string[]) => void }) {
  const { t } = useTranslation();
  const nameOf = useComponentName();
  const { data, error } = useQuery(componentsQuery);
  // What is not there any more stays to be unticked; where they cannot be read, those that always are.
  const ids = [...new Set([...(data?.map(({ id }) => id) ?? OURS), ...value])];
  return (
    <Checkbox.Group
      label={t("admin.incidents.affected")}
      description={t("admin.incidents.affectedHint")}
      value={value}
      onChange={onChange}
    >
      <Group gap="md" mt="xs">
        {ids.map((id) => (
          <Checkbox key={id} value={id} label={<span className="inert">{nameOf(id)}</span>} />
        ))}
      </Group>
      {error && (
        <Text size="xs" c="dimmed" mt="xs">
          {t("admin.incidents.noComponents")}
        </Text>
      )}
    </Checkbox.Group>
  );
}
