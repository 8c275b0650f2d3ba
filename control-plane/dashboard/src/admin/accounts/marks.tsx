import { IconCircleCheck, IconCircleX, IconClock, IconShieldLock } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { AccountRow } from "../../api/schema";
import { Mark } from "../../ui/marks";

/** How it stands with an account. */
export function AccountMarks({ account }: { account: AccountRow }) {
  const { t } = useTranslation();
  if (account.closed_at) {
    return <Mark look={{ color: "gray.7", icon: IconCircleX }}>{t("admin.accounts.closed")}</Mark>;
  }
  return (
    <>
      {account.verified ? (
        <Mark look={{ color: "teal.7", icon: IconCircleCheck }}>{t("admin.accounts.verified")}</Mark>
      ) : (
        <Mark look={{ color: "orange.9", icon: IconClock }}>{t("admin.accounts.unverified")}</Mark>
      )}
      {account.operator && (
        <Mark look={{ color: "blue.8", icon: IconShieldLock }}>{t("admin.accounts.operator")}</Mark>
      )}
    </>
  );
}
