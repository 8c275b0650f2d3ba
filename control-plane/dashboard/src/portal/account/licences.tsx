import { Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { problemOf, Unreachable } from "../../api/problem";
import { Failure } from "../../ui/failure";
import { Loading } from "../../ui/page";
import classes from "./account.module.css";
import { AccountPage } from "./account-page";
import { noticesIn } from "./notices";

/** Where the build writes it; its name stays while what it says changes. */
const FILE = "/assets/third-party-notices.md";

async function read() {
  const answer = await fetch(FILE, { cache: "no-cache" }).catch(() => {
    throw new Unreachable();
  });
  if (!answer.ok) {
    throw await problemOf(answer);
  }
  return noticesIn(await answer.text());
}

/** The work of others that the pages are made with. */
export function LicencesPage() {
  const { t } = useTranslation();
  const { data, error, refetch } = useQuery({
    queryKey: ["licences"],
    queryFn: read,
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (
    <AccountPage title={t("account.licences.title")}>
      <Text size="sm" c="dimmed">
        {t("account.licences.hint")}
      </Text>
      {!data && (error ? <Failure error={error} retry={() => void refetch()} /> : <Loading rows={6} height={32} />)}
      <div>
        {data?.map(({ name, text }) => (
          <details key={name} className={classes["notice"]}>
            <summary>{name}</summary>
            <pre className="inert">{text}</pre>
          </details>
        ))}
      </div>
    </AccountPage>
  );
}
