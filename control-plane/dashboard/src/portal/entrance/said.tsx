import { Text } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { PageLink } from "../../ui/link";
import { Page } from "../../ui/page";

/** A page that only says something, and where to go from there. */
export function Said({ title, text, children }: { title: string; text: ReactNode; children?: ReactNode }) {
  return (
    <Page title={title}>
      <Text className="inert" role="status">
        {text}
      </Text>
      {children}
    </Page>
  );
}

/** In place of a page whose link has lost its secret. */
export function NoToken({ children }: { children?: ReactNode }) {
  const { t } = useTranslation();
  return (
    <Said title={t("entrance.void.missing")} text={t("entrance.void.missingHint")}>
      {children}
    </Said>
  );
}

interface Onward {
  to: "/" | "/sign-in" | "/sign-up" | "/forgotten" | "/account";
  search?: { to?: string };
  children: string;
}

/** A way on. */
export function Way({ to, search = {}, children }: Onward) {
  return (
    <Text size="sm">
      <PageLink to={to} search={search} size="sm">
        {children}
      </PageLink>
    </Text>
  );
}
