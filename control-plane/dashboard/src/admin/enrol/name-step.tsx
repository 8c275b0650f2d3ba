import { Autocomplete, Button, Group, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import type { PbxDocument, PbxView } from "../../api/schema";
import { Failed, useDeed } from "../../ui/deed";
import { Section } from "../../ui/section";
import { useAct } from "../deed";
import { AdminLink } from "../link";

/** Which host it is. */
export function NameStep({
  pbx,
  fleet,
  done,
}: {
  pbx: PbxDocument | undefined;
  fleet: PbxView[];
  done: (pbx: PbxDocument) => void;
}) {
  const { t } = useTranslation();
  const act = useAct();
  const form = useForm({
    initialValues: { name: "", region: "" },
    validate: { name: (name) => (/^[A-Za-z0-9._-]{1,64}$/.test(name) ? null : t("admin.enrol.name.wrong")) },
  });
  const create = useDeed(async (given: { name: string; region: string }) =>
    done(await act(api.POST("/api/admin/v1/pbxs", { body: { ...given, region: given.region.trim() } }))),
  );
  if (pbx) {
    return (
      <Section title={t("admin.enrol.name.title")}>
        <Group gap="xl">
          <Text size="sm">
            {t("admin.enrol.name.name")}: <strong className="inert">{pbx.name}</strong>
          </Text>
          <Text size="sm">
            {t("admin.enrol.name.region")}: <strong className="inert">{pbx.region || t("common.none")}</strong>
          </Text>
          <AdminLink place={{ to: "/enrol" }} size="sm">
            {t("admin.enrol.name.another")}
          </AdminLink>
        </Group>
      </Section>
    );
  }
  const waiting = fleet.filter((it) => !it.enrolled_at);
  return (
    <Section title={t("admin.enrol.name.title")} hint={t("admin.enrol.name.hint")}>
      <form onSubmit={form.onSubmit((given) => create.go(given))}>
        <Group align="flex-start" gap="sm">
          <TextInput
            flex="1 1 220px"
            label={t("admin.enrol.name.name")}
            description={t("admin.enrol.name.nameHint")}
            placeholder="pbx-4"
            required
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            {...form.getInputProps("name")}
          />
          <Autocomplete
            flex="1 1 220px"
            label={t("admin.enrol.name.region")}
            description={t("admin.enrol.name.regionHint")}
            placeholder="eu"
            maxLength={100}
            data={[...new Set(fleet.map((it) => it.region).filter(Boolean))].sort()}
            {...form.getInputProps("region")}
          />
        </Group>
        <Failed failure={create.failure} />
        <Button type="submit" mt="md" loading={create.busy}>
          {t("admin.enrol.name.go")}
        </Button>
      </form>
      {waiting.length > 0 && (
        <Group gap="sm">
          <Text size="sm" c="dimmed">
            {t("admin.enrol.name.waiting")}
          </Text>
          {waiting.map((it) => (
            <AdminLink key={it.id} place={{ to: "/enrol", search: { pbx: it.id } }} size="sm" className="inert">
              {it.name}
            </AdminLink>
          ))}
        </Group>
      )}
    </Section>
  );
}
