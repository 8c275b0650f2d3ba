import { Select, type SelectProps } from "@mantine/core";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { dates } from "../texts/regional";
import { zones } from "./zone-names";

function offset(zone: string, language: string): string {
  try {
    const parts = dates(language, { timeZone: zone, timeZoneName: "shortOffset" }).formatToParts();
    return parts.find(({ type }) => type === "timeZoneName")?.value ?? "";
  } catch {
    return "";
  }
}

/** A time zone out of those that the browser knows, found by typing. */
export function TimeZone({ value, ...rest }: SelectProps<string> & { value: string }) {
  const { i18n } = useTranslation();
  const offered = useMemo(() => {
    return [...new Set([value, ...zones()])].map((zone) => ({
      value: zone,
      label: `${zone} (${offset(zone, i18n.language)})`,
    }));
  }, [value, i18n.language]);
  return (
    <Select
      data={offered}
      value={value}
      searchable
      limit={100}
      allowDeselect={false}
      // What is typed takes the place of what stands there.
      onClick={(event) => event.currentTarget.select()}
      onFocus={(event) => event.currentTarget.select()}
      {...rest}
    />
  );
}
