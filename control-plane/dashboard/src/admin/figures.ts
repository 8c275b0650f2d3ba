/** Figures as people read them. */
import { useTranslation } from "react-i18next";
import { numbers } from "../texts/regional";
import { duration } from "../ui/time";

const NOTHING = "–";

export function useFigures() {
  const { i18n } = useTranslation();
  const language = i18n.language;
  return {
    whole: (value: number) => numbers(language).format(value),
    /** Of a part of one. */
    percent: (part: number | null | undefined) =>
      part == null ? NOTHING : numbers(language, { style: "percent", maximumFractionDigits: 0 }).format(part),
    time: (milliseconds: number | null | undefined) =>
      milliseconds == null ? NOTHING : duration(milliseconds, language),
  };
}
