/** The texts of every page: one catalogue, a file a subject in each language. English is complete by definition, the others by a test. */
import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import type { Audience } from "../api/gate";
import { keep, kept } from "../keep";
import type { english } from "./en";
import type { admin } from "./en/admin";
import { first } from "./en/first";

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

let told: { problems: Record<string, string>; specific: Set<string> } | null = null;

/** A problem of the API in another language than its own; null where it is to speak for itself. */
export function problemIn({ code, detail }: { code: string; detail: string }): string | null {
  const words = i18next.language === "uk" ? told?.problems[code] : undefined;
  return words ? words + (told?.specific.has(code) ? ` (${detail})` : "") : null;
}

const ignored = () => undefined;

/** Parts of a catalogue: what the first pages say, what other pages say, and what operators read. */
type Part = "first" | "rest" | "admin";

const PARTS: Record<LanguageCode, Record<Part, () => Promise<object>>> = {
  en: {
    first: async () => first,
    rest: async () => (await import("./en/rest")).rest,
    admin: async () => ({ admin: (await import("./en/admin")).admin }),
  },
  uk: {
    first: async () => {
      // No page waits for what it says once something fails.
      void import("./uk/problems").then(({ problems, SPECIFIC }) => {
        told = { problems, specific: SPECIFIC };
      }, ignored);
      return (await import("./uk/first")).first;
    },
    rest: async () => (await import("./uk/rest")).rest,
    admin: async () => ({ admin: (await import("./uk/admin")).admin }),
  },
};

/** The parts that the pages have said things of so far. */
const said = new Set<Part>(["first"]);
const there = new Set<string>();

/** Reads in a language whatever was or is about to be said. */
async function read(language: LanguageCode): Promise<void> {
  const missing = [...said].filter((part) => !there.has(`${language} ${part}`));
  const texts = await Promise.all(missing.map((part) => PARTS[language][part]()));
  for (const [index, part] of missing.entries()) {
    i18next.addResourceBundle(language, "translation", texts[index], true, true);
    there.add(`${language} ${part}`);
  }
}

/** Loads a page that says more than the first ones do, with what it says. */
export function withTexts<Page>(load: () => Promise<Page>): () => Promise<Page> {
  return async () => {
    said.add("rest");
    const [page] = await Promise.all([load(), read(i18next.language as LanguageCode)]);
    return page;
  };
}

/** Shows everything in another language from now on. */
export async function speak(language: LanguageCode): Promise<void> {
  await read(language);
  await i18next.changeLanguage(language);
  document.documentElement.lang = language;
}

/** The same, and remembers it here. */
export async function choose(language: LanguageCode): Promise<void> {
  keep("language", language);
  await speak(language);
}

/** Reads what this page's people read. */
export async function startTexts(audience: Audience): Promise<void> {
  if (audience === "admin") {
    said.add("admin");
  }
  await i18next.use(initReactI18next).init({
    lng: "en",
    fallbackLng: "en",
    resources: { en: { translation: first } },
    // React escapes.
    interpolation: { escapeValue: false },
    returnNull: false,
  });
  // Without the texts of another language it goes on in English.
  await speak(preferred()).catch(() => speak("en"));
}
