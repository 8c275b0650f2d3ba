import { Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { notifications } from "@mantine/notifications";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { EndpointChange, EndpointDocument } from "../../api/schema";
import { Confirm } from "../../ui/confirm";
import { Copyable } from "../../ui/copy";
import { Failed, useDeed } from "../../ui/deed";
import { Section } from "../../ui/section";

/** Keys that were set since the page was loaded: nobody can read them again, and commands are copied with them. */
const known = new Map<string, string>();

export function rememberKey(endpoint: string, key: string): void {
  if (key === "") {
    known.delete(endpoint);
  } else {
    known.set(endpoint, key);
  }
}

export function knownKey(endpoint: string): string | null {
  return known.get(endpoint) ?? null;
}

export function keyFits(key: string): boolean {
  return /^[\x21-\x7e](?:[\x20-\x7e]{0,254}[\x21-\x7e])?$/.test(key);
}

/** 24 random bytes: nobody guesses it. */
function madeUp(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(24));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_");
}

export function KeyField({
  label,
  value,
  change,
  error,
}: {
  label: string;
  value: string;
  change: (key: string) => void;
  error?: string | undefined;
}) {
  const { t } = useTranslation();
  return (
    <Group gap="xs" align="flex-end">
      <TextInput
        flex="1 1 200px"
        label={label}
        description={t("endpoints.key.fieldHint")}
        value={value}
        onChange={(event) => change(event.currentTarget.value)}
        error={error}
        maxLength={256}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
      />
      <Button variant="default" onClick={() => change(madeUp())}>
        {t("endpoints.key.make")}
      </Button>
    </Group>
  );
}

/** The second secret of an endpoint: set, set anew, or removed. */
export function AlertKey({
  endpoint,
  name,
  save,
}: {
  endpoint: EndpointDocument;
  name: string;
  save: (change: EndpointChange) => Promise<unknown>;
}) {
  const { t } = useTranslation();
  const [isAsking, { open, close }] = useDisclosure(false);
  const [key, setKey] = useState("");
  const shown = knownKey(endpoint.id);
  const { go, busy, failure } = useDeed(async () => {
    await save({ alert_key: key });
    rememberKey(endpoint.id, key);
    setKey("");
    notifications.show({ message: t("endpoints.key.done"), color: "teal" });
  });
  const remove = async () => {
    await save({ alert_key: null });
    rememberKey(endpoint.id, "");
    notifications.show({ message: t("endpoints.key.removed"), color: "teal" });
  };
  return (
    <Section
      title={t("endpoints.key.title")}
      hint={t("endpoints.key.hint")}
      aside={<Text fw={600}>{t(endpoint.has_alert_key ? "endpoints.key.set" : "endpoints.key.unset")}</Text>}
    >
      {endpoint.has_alert_key && shown && (
        <Stack gap={4}>
          <Text size="sm">{t("endpoints.key.shown")}</Text>
          <Copyable value={shown} label={t("endpoints.key.title")} />
        </Stack>
      )}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          go();
        }}
      >
        <Stack maw={520}>
          <KeyField
            label={t("endpoints.key.field")}
            value={key}
            change={setKey}
            error={key !== "" && !keyFits(key) ? t("endpoints.key.wrong") : undefined}
          />
          {endpoint.has_alert_key && key !== "" && <Text size="sm">{t("endpoints.key.changeHint")}</Text>}
          <Failed failure={failure} />
          <Group gap="sm">
            <Button type="submit" variant="default" loading={busy} disabled={!keyFits(key)}>
              {t(endpoint.has_alert_key ? "endpoints.key.change" : "endpoints.key.go")}
            </Button>
            {endpoint.has_alert_key && (
              <Button color="red.8" onClick={open}>
                {t("endpoints.key.remove")}
              </Button>
            )}
          </Group>
        </Stack>
      </form>
      {isAsking && (
        <Confirm
          title={t("endpoints.key.askRemove", { name })}
          action={t("endpoints.key.remove")}
          does={remove}
          close={close}
        >
          <Text size="sm">{t("endpoints.key.removeHint")}</Text>
        </Confirm>
      )}
    </Section>
  );
}
