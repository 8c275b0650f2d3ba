/** The texts of every page: one catalogue, a file a subject in each language. English is complete by definition, the others by a test. */
import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import type { Audience } from "../api/gate";
import { keep, kept } from "../ui/keep";
import { english } from "./en";
import type { admin } from "./en/admin";

export const LANGUAGES = { en: "English", uk: "Українська" } as const;
export type LanguageCode = keyof typeof LANGUAGES;

declare module "i18next" {
  interface CustomTypeOptions {
    defaultNS: "translation";
    resources: { translation: typeof english & { admin: typeof admin } };
    returnNull: false;
  }
}

/** The language that somebody has chosen here, else the first of the browser's that there is. */
function preferred(): LanguageCode {
  const chosen = kept("language");
  const wished = [chosen, ...navigator.languages].map((tag) => tag?.slice(0, 2).toLowerCase());
  return wished.find((tag): tag is LanguageCode => tag !== undefined && tag in LANGUAGES) ?? "en";
}

let audience: Audience = "portal";
let told: { problems: Record<string, string>; specific: Set<string> } | null = null;

/** A problem of the API in another language than its own; null where it is to speak for itself. */
export function problemIn({ code, detail }: { code: string; detail: string }): string | null {
  const words = i18next.language === "uk" ? told?.problems[code] : undefined;
  return words ? words + (told?.specific.has(code) ? ` (${detail})` : "") : null;
}

/** Shows everything in another language from now on. */
export async function speak(language: LanguageCode): Promise<void> {
  if (language === "uk" && !i18next.hasResourceBundle("uk", "translation")) {
    const [{ ukrainian }, { problems, SPECIFIC }] = await Promise.all([import("./uk"), import("./uk/problems")]);
    i18next.addResourceBundle("uk", "translation", ukrainian);
    if (audience === "admin") {
      const { admin } = await import("./uk/admin");
      i18next.addResourceBundle("uk", "translation", { admin }, true);
    }
    told = { problems, specific: SPECIFIC };
  }
  await i18next.changeLanguage(language);
  document.documentElement.lang = language;
}

/** The same, and remembers it here. */
export async function choose(language: LanguageCode): Promise<void> {
  keep("language", language);
  await speak(language);
}

/** Reads what this page's people read. */
export async function startTexts(whose: Audience): Promise<void> {
  audience = whose;
  await i18next.use(initReactI18next).init({
    lng: "en",
    fallbackLng: "en",
    resources: { en: { translation: english } },
    // React escapes.
    interpolation: { escapeValue: false },
    returnNull: false,
  });
  if (audience === "admin") {
    const { admin } = await import("./en/admin");
    i18next.addResourceBundle("en", "translation", { admin }, true);
  }
  await speak(preferred());
}
