// The catalogue: no key missing in a language, none unused, plurals whole, what is filled in the same everywhere.

import { describe, expect, it } from "vitest";

import { bringStrings, catalogue, LANGUAGES, languageFor, LATE } from "../src/strings";

await Promise.all(LATE.map((room) => bringStrings(room)));

const CODE = import.meta.glob<string>(["../src/**/*.{ts,tsx}", "!../src/**/contracts.ts"], { query: "?raw", import: "default", eager: true });
const PLURAL = /_(zero|one|two|few|many|other)$/;

/** All texts of one room's file, by their keys. */
function flat(texts: Record<string, unknown>, before = ""): Map<string, string> {
  const found = new Map<string, string>();
  for (const [key, value] of Object.entries(texts))
    if (typeof value === "string") found.set(before + key, value);
    else for (const [inner, text] of flat(value as Record<string, unknown>, `${before}${key}.`)) found.set(inner, text);
  return found;
}

const rooms = Object.keys(catalogue["en"] ?? {});
const texts = (language: string, room: string) => flat(catalogue[language]?.[room] ?? {});
/** A key without its plural form, where it has one that stands beside `_other`. */
const stem = (key: string, all: ReadonlyMap<string, string>): string => {
  const base = key.replace(PLURAL, "");
  return base !== key && all.has(`${base}_other`) ? base : key;
};
const stems = (all: ReadonlyMap<string, string>): Set<string> => new Set([...all.keys()].map((key) => stem(key, all)));
const filled = (text: string): string[] => [...text.matchAll(/\{\{(\w+)\}\}/g)].map((match) => match[1] ?? "").sort();

describe.each(LANGUAGES.filter((language) => language !== "en"))("%s", (language) => {
  it("has all rooms", () => expect(Object.keys(catalogue[language] ?? {}).sort()).toEqual([...rooms].sort()));

  it.each(rooms)("has all keys of %s, and no others", (room) => {
    expect([...stems(texts(language, room))].sort()).toEqual([...stems(texts("en", room))].sort());
  });

  it.each(rooms)("fills in the same in %s", (room) => {
    const english = texts("en", room);
    for (const [key, text] of texts(language, room)) {
      const other = english.get(key) ?? english.get(`${stem(key, texts(language, room))}_other`) ?? "";
      // A form for exactly one may leave the number out.
      const wanted = filled(other).filter((name) => name !== "count" || filled(text).includes("count") || key.endsWith("_other"));
      expect(filled(text), key).toEqual(wanted);
    }
  });
});

describe.each(LANGUAGES)("%s", (language) => {
  it.each(rooms)("says something under each key of %s", (room) => {
    for (const [key, text] of texts(language, room)) expect(text.trim(), key).not.toBe("");
  });

  it.each(rooms)("has every plural form that it needs in %s", (room) => {
    const all = texts(language, room);
    const needed = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
    const counted = [...all.keys()].filter((key) => stem(key, all) !== key).map((key) => stem(key, all));
    for (const base of new Set(counted))
      for (const form of needed) expect([...all.keys()], `${base}_${form}`).toContain(`${base}_${form}`);
  });
});

// ---- what the sources use

interface Use {
  /** A pattern for the keys: `*` stands for what is only known when it runs. */
  readonly pattern: string;
  readonly file: string;
  readonly rooms: readonly string[];
  /** Asked for outright, and not only a text that reads like a key. */
  readonly asked: boolean;
}

const LITERAL = /"([\w.:-]+)"|`((?:[\w.:-]|\$\{[^}]*\})+)`/g;

function uses([file, whole]: readonly [string, string]): Use[] {
  const code = whole.replace(/^\s*(?:\/\/|\/?\*).*$/gm, ""); // what comments show is no use
  const named = [...code.matchAll(/useTranslation\(\s*(?:"(\w+)"|\[([^\]]*)\])?/g)].flatMap((match) =>
    match[2] === undefined ? [match[1] ?? "frame"] : [...match[2].matchAll(/"(\w+)"/g)].map((each) => each[1] ?? "frame"),
  );
  const here = named.length === 0 ? ["frame"] : [...new Set(named)];
  const found: Use[] = [];
  for (const match of code.matchAll(LITERAL)) {
    const text = (match[1] ?? match[2] ?? "").replace(/\$\{[^}]*\}/g, "*");
    const [room, key] = text.includes(":") ? (text.split(":", 2) as [string, string]) : [null, text];
    if (room !== null && !rooms.includes(room)) continue;
    const call = /\bt\(\s*(?:[^()"`]*\?\s*)?$/.test(code.slice(Math.max(0, match.index - 80), match.index));
    const fallback = /^[^;\n]{0,80}defaultValue/.test(code.slice(match.index + match[0].length)); // it says what else to show
    found.push({ pattern: key, file, rooms: room === null ? here : [room], asked: !fallback && (call || room !== null) && !key.startsWith("*") });
  }
  return found;
}

const everywhere = Object.entries(CODE).flatMap(uses);
const matcher = (pattern: string): RegExp => new RegExp(`^${pattern.split("*").map((part) => part.replaceAll(".", "\\.")).join("[\\w.-]+")}$`);

it("every key that is asked for is there", () => {
  const missing = everywhere
    .filter((use) => use.asked)
    .filter((use) => {
      const wanted = matcher(use.pattern);
      return !use.rooms.some((room) => [...stems(texts("en", room))].some((key) => wanted.test(key)));
    })
    .map((use) => `${use.file}: ${use.rooms.join("|")}:${use.pattern}`);
  expect(missing).toEqual([]);
});

it("every key that is there is used", () => {
  const unused = rooms.flatMap((room) => {
    // A pattern that begins with what is only known when it runs, and has no more, would match everything.
    const patterns = everywhere.filter((use) => use.rooms.includes(room) && /[\w-]/.test(use.pattern)).map((use) => matcher(use.pattern));
    return [...stems(texts("en", room))].filter((key) => !patterns.some((pattern) => pattern.test(key))).map((key) => `${room}:${key}`);
  });
  expect(unused).toEqual([]);
});

it("finds what is planted: a key that is missing, one that is unused", () => {
  const wanted = matcher("line.short_*");
  expect(wanted.test("line.short_away")).toBe(true);
  expect(wanted.test("line.away")).toBe(false);
  expect(everywhere.some((use) => use.asked && use.pattern === "toasts.undo")).toBe(true);
  expect(everywhere.some((use) => use.pattern === "toasts.no_such_key")).toBe(false);
});

it("a language is taken from the setting, else from the desktop, else English", () => {
  expect(languageFor("de", ["en-US"])).toBe("de");
  expect(languageFor("", ["de-AT", "en"])).toBe("de");
  expect(languageFor("", ["fr", "de"])).toBe("de");
  expect(languageFor("", ["fr"])).toBe("en");
});
