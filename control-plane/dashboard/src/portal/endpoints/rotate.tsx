import { Button, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { notifications } from "@mantine/notifications";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, take } from "../../api/client";
import type { EndpointDocument } from "../../api/schema";
import { Confirm } from "../../ui/confirm";
import { useOnce } from "../../ui/deed";
import { Radio } from "../../ui/rare/radio";
import { Section } from "../../ui/section";

/** Minutes for which the old URL goes on working. */
const GRACES = [
  ["now", 0],
  ["hour", 60],
  ["day", 24 * 60],
  ["week", 7 * 24 * 60],
] as const;

/** Another URL for the same endpoint. */
export function Rotate({
  org,
  endpoint,
  name,
  took,
}: {
  org: string;
  endpoint: EndpointDocument;
  name: string;
  took: (changed: EndpointDocument) => Promise<unknown>;
}) {
  const { t } = useTranslation();
  const [isAsking, { open, close }] = useDisclosure(false);
  const [grace, setGrace] = useState("day");
  const headers = useOnce();
  const minutes = GRACES.find(([word]) => word === grace)?.[1] ?? 0;
  const rotate = async () => {
    const body = { grace_minutes: minutes };
    const header = headers({ ...body, from: endpoint.url });
    const params = { path: { id: endpoint.id }, query: { org }, header };
    await took(await take(api.POST("/api/v1/endpoints/{id}/rotate", { params, body })));
    notifications.show({ message: t("endpoints.rotate.done"), color: "teal", autoClose: 10_000 });
    document.querySelector("#content")?.scrollTo({ top: 0 });
    scrollTo({ top: 0 });
  };
  return (
    <Section title={t("endpoints.rotate.title")} hint={t("endpoints.rotate.hint")}>
      <Stack align="flex-start">
        <Button variant="default" onClick={open}>
          {t("endpoints.rotate.go")}
        </Button>
      </Stack>
      {isAsking && (
        <Confirm
          title={t("endpoints.rotate.ask", { name })}
          action={t("endpoints.rotate.go")}
          does={rotate}
          close={close}
        >
          <Radio.Group label={t("endpoints.rotate.grace")} value={grace} onChange={setGrace}>
            <Stack gap="xs" mt="xs">
              {GRACES.map(([word]) => (
                <Radio key={word} value={word} label={t(`endpoints.rotate.${word}`)} />
              ))}
            </Stack>
          </Radio.Group>
          <Text size="sm" role="status">
            {t(minutes === 0 ? "endpoints.rotate.nowHint" : "endpoints.rotate.graceHint")}
          </Text>
        </Confirm>
      )}
    </Section>
  );
}
