import { ActionIcon, Group, Text, TextInput, UnstyledButton } from "@mantine/core";
import { IconChevronDown, IconChevronRight, IconSearch } from "@tabler/icons-react";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { Section } from "../../ui/section";
import { visible } from "../../ui/visible";
import { type Field, fieldsOf, withText } from "./fields";
import type { Scalar } from "./rules";

type Pick = (field: string, value: Scalar | undefined) => void;

/** From how many fields on they can be searched. */
const MANY = 12;

function count(fields: Field[]): number {
  return fields.reduce((sum, { children }) => sum + 1 + count(children), 0);
}

/** The fields of a payload: one that is pressed goes into a condition, with its value. */
export function FieldTree({ view, pick }: { view: unknown; pick: Pick | null }) {
  const { t } = useTranslation();
  const fields = useMemo(() => fieldsOf(view), [view]);
  const [wanted, setWanted] = useState("");
  const shown = useMemo(() => withText(fields, wanted), [fields, wanted]);
  return (
    <Section title={t("scenarios.payload.fields")} hint={pick && t("scenarios.payload.fieldsHint")}>
      {count(fields) > MANY && (
        <TextInput
          size="xs"
          aria-label={t("scenarios.payload.find")}
          placeholder={t("scenarios.payload.find")}
          leftSection={<IconSearch size={14} aria-hidden />}
          value={wanted}
          onChange={(event) => setWanted(event.currentTarget.value)}
        />
      )}
      {shown.length === 0 ? (
        <Text size="sm" c="dimmed">
          {t("scenarios.payload.noFields")}
        </Text>
      ) : (
        <Fields fields={shown} pick={pick} depth={0} isSearch={wanted.trim() !== ""} />
      )}
    </Section>
  );
}

function Fields({
  fields,
  pick,
  depth,
  isSearch,
}: {
  fields: Field[];
  pick: Pick | null;
  depth: number;
  isSearch: boolean;
}) {
  return (
    <ul className="fields">
      {fields.map((field) => (
        <FieldNode key={field.path} field={field} pick={pick} depth={depth} isSearch={isSearch} />
      ))}
    </ul>
  );
}

function FieldNode({
  field,
  pick,
  depth,
  isSearch,
}: {
  field: Field;
  pick: Pick | null;
  depth: number;
  isSearch: boolean;
}) {
  const { t } = useTranslation();
  const [isOpen, setOpen] = useState(depth < 2);
  const hasChildren = field.children.length > 0;
  const isShown = hasChildren && (isOpen || isSearch);
  const name = visible(field.name);
  const said = field.values.slice(0, 3).map((value) => visible(String(value)).slice(0, 120));
  const more = field.values.length > 3 ? ` · ${t("scenarios.payload.list", { count: field.values.length })}` : "";
  const content = (
    <>
      <Text span size="sm" fw={600} className="inert">
        {name}
      </Text>
      <Text span size="sm" c="dimmed" className="inert" lineClamp={2}>
        {said.join(", ")}
        {more}
      </Text>
    </>
  );
  return (
    <li>
      <Group gap={0} wrap="nowrap" align="flex-start">
        {hasChildren ? (
          <ActionIcon
            variant="subtle"
            color="gray"
            size={28}
            onClick={() => setOpen(!isOpen)}
            aria-expanded={isShown}
            aria-label={t("scenarios.payload.open", { field: name })}
          >
            {isShown ? <IconChevronDown size={16} aria-hidden /> : <IconChevronRight size={16} aria-hidden />}
          </ActionIcon>
        ) : (
          <span aria-hidden style={{ flex: "0 0 28px" }} />
        )}
        {pick ? (
          <UnstyledButton
            className="field"
            onClick={() => pick(field.path, field.values[0])}
            title={t("scenarios.payload.putIt", { field: visible(field.path) })}
          >
            {content}
          </UnstyledButton>
        ) : (
          <span className="field">{content}</span>
        )}
      </Group>
      {isShown && <Fields fields={field.children} pick={pick} depth={depth + 1} isSearch={isSearch} />}
    </li>
  );
}
