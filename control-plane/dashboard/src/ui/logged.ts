/** What the audit log holds, in the words of people; what there are no words for stands as it is. */
import { useTranslation } from "react-i18next";
import { LANGUAGES } from "../texts";
import { moment } from "./time";

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/;

/** Where the words for the values of a field are. */
const WORDS: Record<string, string[]> = {
  role: ["codes.role"],
  delivered_when: ["projects.policy"],
  impact: ["admin.incidents.impacts"],
  state: ["admin.incidents.stages", "admin.letters.states"],
};

export function useLogged() {
  const { t, i18n } = useTranslation();
  /** The first of these texts that there is. */
  const text = (keys: string[]) => {
    const known = keys.find((key) => i18n.exists(key));
    return known && String(t(known as "common.yes"));
  };
  const nameOf = (part: string) => text([`audit.field.${part}`, `admin.audit.field.${part}`]) ?? part;
  return {
    /** Of `policy.redials` each part. */
    field: (path: string) => path.split(".").map(nameOf).join(" · "),
    value: (path: string, value: unknown): string => {
      const field = path.split(".").at(-1) ?? path;
      if (value === null || value === "" || (Array.isArray(value) && value.length === 0)) {
        return t("audit.nothing");
      }
      if (typeof value === "boolean") {
        return value ? t("common.yes") : t("common.no");
      }
      if (Array.isArray(value) && value.every((item) => typeof item === "string")) {
        return value.join(", ");
      }
      if (typeof value === "object") {
        return JSON.stringify(value, null, 1);
      }
      const written = String(value);
      if (field === "language" && written in LANGUAGES) {
        return LANGUAGES[written as keyof typeof LANGUAGES];
      }
      if (/_(at|until)$/.test(field) && TIME.test(written)) {
        return moment(written, i18n.language);
      }
      return text((WORDS[field] ?? []).map((where) => `${where}.${written}`)) ?? written;
    },
  };
}
