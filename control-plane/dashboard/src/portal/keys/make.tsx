import { Button, Checkbox, Group, Modal, Select, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, take } from "../../api/client";
import type { MadeKey, Scope } from "../../api/schema";
import { Dialog } from "../../ui/confirm";
import { Copyable } from "../../ui/copy";
import { Failed, useDeed, useOnce } from "../../ui/deed";
import { useOrganization } from "../organization";

const SCOPES = { read: "read", "alerts:write": "alerts_write", "projects:write": "projects_write" } as const;
const DAY = 24 * 3600 * 1000;
const EXPIRIES = { days30: 30, days90: 90, year: 365, date: null, never: null } as const;
type Expiry = keyof typeof EXPIRIES;

/** The end of the day that somebody chose, in their own zone. */
function endOf(day: string): Date {
  return new Date(`${day}T23:59:59`);
}

export function MakeKey({ close }: { close: () => void }) {
  const { t } = useTranslation();
  const { org } = useOrganization();
  const queries = useQueryClient();
  const once = useOnce();
  const [made, setMade] = useState<MadeKey | null>(null);
  const form = useForm({
    initialValues: { name: "", scopes: ["read"] as string[], expiry: "days90" as Expiry, day: "" },
    validate: {
      scopes: (scopes) => (scopes.length > 0 ? null : t("keys.scopeNeeded")),
      day: (day, { expiry }) =>
        expiry !== "date" || (day && endOf(day).getTime() > Date.now()) ? null : t("keys.dayNeeded"),
    },
  });
  const { go, busy, failure } = useDeed(async ({ name, scopes, expiry, day }: typeof form.values) => {
    const days = EXPIRIES[expiry];
    const midnight = new Date().setHours(23, 59, 59, 0);
    const end = expiry === "date" ? endOf(day) : days === null ? null : new Date(midnight + days * DAY);
    const body = { name, scopes: scopes as Scope[], ...(end ? { expires_at: end.toISOString() } : {}) };
    setMade(await take(api.POST("/api/v1/keys", { params: { query: { org }, header: once(body) }, body })));
    await queries.invalidateQueries({ queryKey: ["keys", org] });
  });
  if (made) {
    return <Made made={made} close={close} />;
  }
  return (
    <Dialog title={t("keys.createTitle")} close={close} busy={busy}>
      <form onSubmit={form.onSubmit((wish) => go(wish))}>
        <Stack>
          <TextInput
            label={t("keys.name")}
            description={t("keys.nameHint")}
            required
            maxLength={100}
            data-autofocus
            {...form.getInputProps("name")}
          />
          <Checkbox.Group label={t("keys.scopes")} {...form.getInputProps("scopes")}>
            <Stack gap="xs" mt="xs">
              {Object.entries(SCOPES).map(([scope, hint]) => (
                <Checkbox key={scope} value={scope} label={scope} description={t(`keys.scopeHint.${hint}`)} />
              ))}
            </Stack>
          </Checkbox.Group>
          <Select
            label={t("keys.expiry")}
            data={(Object.keys(EXPIRIES) as Expiry[]).map((value) => ({ value, label: t(`keys.expiryIn.${value}`) }))}
            allowDeselect={false}
            {...form.getInputProps("expiry")}
          />
          {form.values.expiry === "date" && (
            <TextInput type="date" label={t("keys.day")} required {...form.getInputProps("day")} />
          )}
          <Failed failure={failure} />
          <Group justify="flex-end">
            <Button variant="default" onClick={close} disabled={busy}>
              {t("common.cancel")}
            </Button>
            <Button type="submit" loading={busy}>
              {t("keys.createGo")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}

/** Something that the key may do at once. */
function tryOut(key: string, scopes: Scope[]): string {
  const api = `${location.origin}/api/v1`;
  const say = `-H 'Authorization: Bearer ${key}'`;
  if (scopes.includes("read")) {
    return `curl ${say} ${api}/alerts`;
  }
  return scopes.includes("alerts:write")
    ? `curl -X POST ${say} ${api}/alerts/ALERT_ID/acknowledge`
    : `curl ${say} ${api}/projects/PROJECT_ID/endpoints`;
}

/** Told once: it does not close before somebody says that they have kept it. */
function Made({ made, close }: { made: MadeKey; close: () => void }) {
  const { t } = useTranslation();
  const [isKept, setKept] = useState(!made.key);
  return (
    <Modal
      opened
      onClose={() => undefined}
      title={t("keys.made")}
      size="lg"
      centered
      withCloseButton={false}
      closeOnEscape={false}
      closeOnClickOutside={false}
    >
      <Stack>
        {made.key ? (
          <>
            <Text size="sm">{t("keys.madeHint")}</Text>
            <Copyable value={made.key} label={t("keys.text")} />
            <Text size="sm" fw={600}>
              {t("keys.curl")}
            </Text>
            <Copyable value={tryOut(made.key, made.scopes)} label={t("keys.curl")} />
            <Checkbox
              label={t("keys.kept")}
              checked={isKept}
              onChange={(event) => setKept(event.currentTarget.checked)}
            />
          </>
        ) : (
          <Text size="sm" role="alert">
            {t("keys.lost")}
          </Text>
        )}
        <Button disabled={!isKept} onClick={close}>
          {t("common.close")}
        </Button>
      </Stack>
    </Modal>
  );
}
