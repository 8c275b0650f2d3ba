import { Button, Select, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import type { LetterRow, LetterState } from "../../api/schema";
import { oneOf } from "../../api/words";
import { useDeed } from "../../ui/deed";
import { tellFailure } from "../../ui/failure";
import { Empty, Page } from "../../ui/page";
import { Pager } from "../../ui/pager";
import { Time } from "../../ui/time";
import { useAct } from "../deed";
import { useGo, usePageSearch } from "../link";
import { type Column, List } from "../list";
import { lettersQuery } from "../reads";
import { Shown } from "../shown";
import { LetterMark } from "./mark";
import { LetterTabs } from "./tabs";

const STATES = ["waiting", "sent", "failed", "suppressed", "bounced", "complained"] as const satisfies LetterState[];

export function LettersPage() {
  const { t } = useTranslation();
  const { after, ...search } = usePageSearch();
  const state = oneOf(STATES, search.state);
  const go = useGo();
  const asked = useQuery(lettersQuery({ after, state }));
  const columns: Column<LetterRow>[] = [
    {
      title: t("admin.letters.to"),
      bare: true,
      cell: (it) => (
        <div>
          <Text size="sm" fw={600} className="inert">
            {it.recipient}
          </Text>
          <Text size="xs" c="dimmed" className="inert" lang={it.language}>
            {it.subject}
          </Text>
        </div>
      ),
    },
    { title: t("admin.letters.state"), cell: (it) => <LetterMark state={it.state} /> },
    { title: t("admin.letters.queued"), cell: (it) => <Time at={it.queued_at} /> },
    { title: t("admin.letters.how"), cell: (it) => <How letter={it} /> },
    {
      title: t("admin.deeds"),
      hidden: true,
      bare: true,
      number: true,
      cell: (it) => (canRetry(it.state) ? <Retry letter={it} /> : null),
    },
  ];
  return (
    <Page wide title={t("admin.shell.letters")}>
      <LetterTabs current="/letters" />
      <Text size="sm" c="dimmed">
        {t("admin.letters.hint")}
      </Text>
      <Select
        aria-label={t("admin.letters.state")}
        placeholder={t("admin.letters.any")}
        maw={280}
        clearable
        value={state ?? null}
        onChange={(value) => go({ to: "/letters", search: { state: value ?? undefined } })}
        data={STATES.map((value) => ({ value, label: t(`admin.letters.states.${value}`) }))}
      />
      <Shown asked={asked}>
        {({ items, next }) => (
          <>
            {items.length === 0 ? (
              <Empty title={state ? t("admin.nothingFound") : t("admin.letters.none")}>
                {!state && t("admin.letters.noneHint")}
              </Empty>
            ) : (
              <List label={t("admin.shell.letters")} columns={columns} rows={items} keyOf={(it) => it.id} />
            )}
            <Pager after={after} next={next} go={(to) => go({ to: "/letters", search: { state, after: to } })} />
          </>
        )}
      </Shown>
    </Page>
  );
}

function canRetry(state: LetterState): boolean {
  return state !== "sent" && state !== "waiting";
}

/** What became of it, or when it is tried. */
function How({ letter }: { letter: LetterRow }) {
  const { t } = useTranslation();
  return (
    <div>
      <Text size="sm">
        {t("admin.letters.attempts", { count: letter.attempts })}
        {letter.due_at && (
          <>
            {" · "}
            {t("admin.letters.due")} <Time at={letter.due_at} />
          </>
        )}
        {letter.ended_at && (
          <>
            {" · "}
            <Time at={letter.ended_at} />
          </>
        )}
      </Text>
      {letter.reason && (
        <Text size="xs" c="dimmed" className="inert" lineClamp={3}>
          {letter.reason}
        </Text>
      )}
    </div>
  );
}

function Retry({ letter }: { letter: LetterRow }) {
  const { t } = useTranslation();
  const act = useAct();
  const retry = useDeed(() =>
    act(api.POST("/api/admin/v1/letters/{id}/retry", { params: { path: { id: letter.id } } })).catch(tellFailure),
  );
  return (
    <Button
      size="xs"
      variant="default"
      loading={retry.busy}
      aria-label={t("admin.letters.retryThis", { recipient: letter.recipient })}
      onClick={() => retry.go()}
    >
      {t("admin.letters.retry")}
    </Button>
  );
}
