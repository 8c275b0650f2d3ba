/** The texts of every page: one catalogue, a file a subject in each language. English is complete by definition, the others by a test. */
import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import { keep, kept } from "../ui/keep";
import { english } from "./en";

export const LANGUAGES = { en: "English", uk: "Українська" } as const;
export type LanguageCode = keyof typeof LANGUAGES;

declare module "i18next" {
  interface CustomTypeOptions {
    defaultNS: "translation";
    resources: { translation: typeof english };
    returnNull: false;
  }
}

/** The language that somebody has chosen here, else the first of the browser's that there is. */
function preferred(): LanguageCode {
  const chosen = kept("language");
  const wished = [chosen, ...navigator.languages].map((tag) => tag?.slice(0, 2).toLowerCase());
  return wished.find((tag): tag is LanguageCode => tag !== undefined && tag in LANGUAGES) ?? "en";
}

/** Shows everything in another language from now on. */
export async function speak(language: LanguageCode): Promise<void> {
  if (language === "uk" && !i18next.hasResourceBundle("uk", "translation")) {
    const { ukrainian } = await import("./uk");
    i18next.addResourceBundle("uk", "translation", ukrainian);
  }
  await i18next.changeLanguage(language);
  document.documentElement.lang = language;
}

/** The same, and remembers it here. */
export async function choose(language: LanguageCode): Promise<void> {
  keep("language", language);
  await speak(language);
}

export async function startTexts(): Promise<void> {
  await i18next.use(initReactI18next).init({
    lng: "en",
    fallbackLng: "en",
    resources: { en: { translation: english } },
    // React escapes.
    interpolation: { escapeValue: false },
    returnNull: false,
  });
  await speak(preferred());
}
