import { Alert, Button, Stack, Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import type { EnrolmentToken, PbxDocument, PbxView } from "../../api/schema";
import { Copyable } from "../../ui/copy";
import { Failed, useDeed } from "../../ui/deed";
import { Section } from "../../ui/section";
import { Time } from "../../ui/time";
import { useAct } from "../deed";

/** What lets the host in, shown once. */
export function TokenStep({
  pbx,
  known,
  token,
  made,
}: {
  pbx: PbxDocument;
  known: PbxView | undefined;
  token: EnrolmentToken | null;
  made: (token: EnrolmentToken) => void;
}) {
  const { t } = useTranslation();
  const act = useAct();
  const make = useDeed(async () =>
    made(await act(api.POST("/api/admin/v1/pbxs/{id}/enrolment-token", { params: { path: { id: pbx.id } } }))),
  );
  const isIn = Boolean(known?.enrolled_at) && !known?.revoked;
  return (
    <Section title={t("admin.enrol.token.title")} hint={t("admin.enrol.token.hint")}>
      {isIn && (
        <Alert color="orange" variant="outline" icon={<IconAlertTriangle aria-hidden />}>
          {t("admin.enrol.token.isIn")}
        </Alert>
      )}
      {token && (
        <Stack gap="xs" aria-live="polite">
          <Copyable value={token.token} label={t("admin.enrol.token.label")} />
          <Text size="sm">
            {t("admin.enrol.token.until")} <Time at={token.expires_at} absolute />. {t("admin.enrol.token.once")}
          </Text>
        </Stack>
      )}
      <Failed failure={make.failure} />
      <div>
        <Button variant={token ? "default" : "filled"} loading={make.busy} onClick={() => make.go()}>
          {token ? t("admin.enrol.token.again") : t("admin.enrol.token.go")}
        </Button>
      </div>
    </Section>
  );
}
