import { Alert } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { PhoneDocument } from "../../api/schema";
import { Failure } from "../../ui/failure";
import { Empty, Loading } from "../../ui/page";
import { Section } from "../../ui/section";
import { MOST_PHONES, phonesQuery } from "../welcome/queries";
import { AccountPage } from "./account-page";
import { AddPhone } from "./add-phone";
import { rings } from "./phone-card";
import { PhoneList } from "./phone-list";
import { VerifyPhone } from "./verify-phone";

export function PhonesPage() {
  const { t } = useTranslation();
  const phones = useQuery(phonesQuery);
  const [verified, setVerified] = useState<PhoneDocument | null>(null);
  const items = phones.data;
  return (
    <AccountPage title={t("shell.phones")}>
      {phones.error && <Failure error={phones.error} retry={() => void phones.refetch()} />}
      {phones.isPending && <Loading rows={3} height={76} />}
      {items && items.length > 0 && !items.some(rings) && (
        <Alert color="orange.9" variant="outline" icon={<IconAlertTriangle aria-hidden />}>
          {t("account.phones.nothingRings")}
        </Alert>
      )}
      {items && (
        <Section title={t("shell.phones")} hint={items.length > 0 ? t("account.phones.hint") : null}>
          {items.length === 0 ? (
            <Empty title={t("account.phones.none")}>{t("account.phones.noneHint")}</Empty>
          ) : (
            <PhoneList phones={items} verify={setVerified} />
          )}
        </Section>
      )}
      {items && (
        <Section title={t("account.phones.add")} hint={items.length < MOST_PHONES ? null : t("account.phones.full")}>
          {items.length < MOST_PHONES && <AddPhone added={setVerified} />}
        </Section>
      )}
      {verified && <VerifyPhone phone={verified} close={() => setVerified(null)} />}
    </AccountPage>
  );
}
