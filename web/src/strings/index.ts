// The catalogue: one file for each room and language; English is whole, others are checked to be.
//
// A key is `room:place.what`. Plurals are `_one` and `_other` (Unicode CLDR), as i18next has them. What lies in a
// folder `late` is fetched with the pages that say it, so that a room with many texts does not weigh on the first screen.

import i18next, { type i18n } from "i18next";
import { initReactI18next } from "react-i18next";

const found = import.meta.glob<Record<string, unknown>>("./*/*.json", { eager: true, import: "default" });

export const LANGUAGES = ["en", "de"] as const;
export type Language = (typeof LANGUAGES)[number];

const late = import.meta.glob<Record<string, unknown>>("./*/late/*.json", { import: "default" });

/** All texts: by language, then by room; the late ones once they were brought. */
export const catalogue: Record<string, Record<string, Record<string, unknown>>> = {};
for (const [path, texts] of Object.entries(found)) {
  const [, language, room] = /^\.\/([a-z]+)\/([a-z_]+)\.json$/.exec(path) ?? [];
  if (language === undefined || room === undefined) throw new Error(`${path} is no catalogue`);
  (catalogue[language] ??= {})[room] = texts;
}

/** Bring texts that are fetched late, in every language, so that changing it needs nothing more. */
export async function bringStrings(room: string): Promise<void> {
  await Promise.all(
    LANGUAGES.map(async (language) => {
      const texts = catalogue[language]?.[room] ?? (await late[`./${language}/late/${room}.json`]?.());
      if (texts === undefined) throw new Error(`${language}/late/${room}.json is no catalogue`);
      (catalogue[language] ??= {})[room] = texts;
      if (i18next.isInitialized) i18next.addResourceBundle(language, room, texts);
    }),
  );
}

/** The names of what is fetched late. */
export const LATE: readonly string[] = [...new Set(Object.keys(late).map((path) => path.replace(/^.*\/|\.json$/g, "")))];

/** The language for a setting (empty: the desktop's, where it is there). */
export function languageFor(setting: string, wanted: readonly string[] = navigator.languages): Language {
  const asked = setting === "" ? wanted.map((each) => each.slice(0, 2)) : [setting];
  return LANGUAGES.find((each) => asked[0] === each) ?? LANGUAGES.find((each) => asked.includes(each)) ?? "en";
}

export function startStrings(language: Language): i18n {
  void i18next.use(initReactI18next).init({
    resources: catalogue,
    lng: language,
    fallbackLng: "en",
    ns: Object.keys(catalogue["en"] ?? {}),
    defaultNS: "frame",
    interpolation: { escapeValue: false }, // React escapes
    returnNull: false,
  });
  return i18next;
}
