import "./json.css";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { visible } from "./visible";

/** Entries that are shown of a list or an object before somebody asks for more. */
const AT_ONCE = 100;
/** Depth down to which everything lies open. */
const OPEN_TO = 5;

/** JSON to be read: whatever it holds is text, and what is folded costs nothing. */
export function Json({ value, label }: { value: unknown; label: string }) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset holds fields
    <div className="json" role="group" aria-label={label}>
      <Node value={value} depth={0} />
    </div>
  );
}

function Node({ name, value, depth }: { name?: string; value: unknown; depth: number }) {
  const named = name === undefined ? null : <span className="json-name inert">{visible(name)}</span>;
  if (typeof value !== "object" || value === null) {
    return (
      <>
        {named}
        {named && ": "}
        <span
          className="json-text inert"
          data-kind={value === null ? "null" : typeof value === "bigint" ? "number" : typeof value}
        >
          {visible(typeof value === "bigint" ? String(value) : (JSON.stringify(value) ?? "null"))}
        </span>
      </>
    );
  }
  return <Branch named={named} value={value} depth={depth} />;
}

function Branch({ named, value, depth }: { named: React.ReactNode; value: object; depth: number }) {
  const { t } = useTranslation();
  const isList = Array.isArray(value);
  const entries: [string | undefined, unknown][] = isList
    ? value.map((item) => [undefined, item])
    : Object.entries(value);
  const [isOpen, setOpen] = useState(depth < OPEN_TO && entries.length <= AT_ONCE);
  const [shown, setShown] = useState(AT_ONCE);
  const [before, after] = isList ? ["[", "]"] : ["{", "}"];
  if (entries.length === 0) {
    return (
      <>
        {named}
        {named && ": "}
        {before + after}
      </>
    );
  }
  return (
    <>
      <button type="button" className="json-fold" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        {named}
        {named && ": "}
        {isOpen ? before : `${before} ${entries.length} … ${after}`}
      </button>
      {isOpen && (
        <>
          <ul>
            {entries.slice(0, shown).map(([name, inner], index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: what was received does not change
              <li key={index}>
                <Node {...(name === undefined ? {} : { name })} value={inner} depth={depth + 1} />
              </li>
            ))}
            {entries.length > shown && (
              <li>
                <button
                  type="button"
                  className="json-fold"
                  aria-expanded={false}
                  onClick={() => setShown(shown + 10 * AT_ONCE)}
                >
                  {t("common.more")} ({entries.length - shown})
                </button>
              </li>
            )}
          </ul>
          {after}
        </>
      )}
    </>
  );
}
