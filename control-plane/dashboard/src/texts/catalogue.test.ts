import { expect, test } from "vitest";
import { english as ofPeople } from "./en";
import { admin as inEnglish } from "./en/admin";
import { ukrainian as ofPeopleInUkrainian } from "./uk";
import { admin as inUkrainian } from "./uk/admin";

const english = { ...ofPeople, admin: inEnglish };
const ukrainian = { ...ofPeopleInUkrainian, admin: inUkrainian };

type Texts = { [key: string]: string | Texts };

function flat(texts: Texts, before = ""): [string, string][] {
  return Object.entries(texts).flatMap(([key, value]) =>
    typeof value === "string" ? [[before + key, value] as [string, string]] : flat(value, `${before}${key}.`),
  );
}

const named = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map((match) => match[1]).sort();
const without = (key: string) => key.replace(/_(one|few|many|other)$/, "");

test("every text is there in both languages, names the same values, and says something", () => {
  const english_ = flat(english);
  const ukrainian_ = new Map(flat(ukrainian as Texts));
  for (const [key, text] of english_) {
    const translated = ukrainian_.get(key);
    expect(translated, key).toBeTruthy();
    expect(text, key).toBeTruthy();
    expect(named(translated ?? ""), key).toEqual(named(text));
  }
  const known = new Set(english_.map(([key]) => without(key)));
  for (const key of ukrainian_.keys()) {
    expect(known, key).toContain(without(key));
  }
});

test("what counts has each form that its language tells apart", () => {
  const forms = (locale: string) => new Intl.PluralRules(locale).resolvedOptions().pluralCategories;
  for (const [locale, texts] of [
    ["en", english],
    ["uk", ukrainian],
  ] as const) {
    const keys = new Set(flat(texts as Texts).map(([key]) => key));
    for (const key of keys) {
      if (/_(one|other)$/.test(key)) {
        for (const form of forms(locale)) {
          expect(keys, locale).toContain(`${without(key)}_${form}`);
        }
      }
    }
  }
});
