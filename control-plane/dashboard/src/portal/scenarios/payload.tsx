import { JsonInput, Select, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { RequestSummary } from "../../api/schema";
import { Failure } from "../../ui/failure";
import { ago } from "../../ui/time";
import { visible } from "../../ui/visible";
import { PASTED, type PayloadChoice } from "./use-payload";

/** What the rules are tried with: a request that has arrived, or one that is pasted. */
export function PayloadPicker({ payload }: { payload: PayloadChoice }) {
  const { t, i18n } = useTranslation();
  const called = (request: RequestSummary) =>
    `${t(`codes.severity.${request.severity}`)} · ${ago(request.received_at, i18n.language)} · ${visible(request.message)}`;
  const isListed = payload.isPasted || payload.requests.some(({ id }) => id === payload.current);
  const listed = [...(isListed || !payload.request.data ? [] : [payload.request.data]), ...payload.requests];
  const items = listed.map((request) => ({ value: request.id, label: called(request) }));
  return (
    <>
      <Select
        label={t("scenarios.payload.choose")}
        data={[
          ...(items.length > 0 ? [{ group: t("scenarios.payload.recent"), items }] : []),
          { value: PASTED, label: t("scenarios.payload.paste") },
        ]}
        value={payload.current}
        onChange={payload.choose}
        allowDeselect={false}
        maxDropdownHeight={320}
      />
      {payload.isPasted && (
        <Stack gap={4}>
          {payload.areRead && payload.requests.length === 0 && (
            <Text size="sm" c="dimmed">
              {t("scenarios.payload.none")}
            </Text>
          )}
          <JsonInput
            label={t("scenarios.payload.pasted")}
            description={t("scenarios.payload.pastedHint")}
            value={payload.text}
            onChange={payload.paste}
            autosize
            minRows={4}
            maxRows={14}
            spellCheck={false}
          />
          {!payload.isJson && <Text size="sm">{t("scenarios.payload.notJson")}</Text>}
        </Stack>
      )}
      {!payload.isPasted && payload.request.isError && <Failure error={payload.request.error} />}
    </>
  );
}
