// Right to left: no style says left or right where it means start or end, so that `dir` alone turns the page around.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const SOURCES = join(__dirname, "../src");
const IN_CSS = /(?<![\w-])(?:(?:margin|padding|border)-(?:left|right)|(?:left|right)|text-align|float)\s*:\s*([^;}]+)/g;
const IN_CODE = /\b(?:(?:margin|padding|border)(?:Left|Right)|[mp][lr])\s*[=:]/g;

/** Places in a style sheet that know left from right. */
export function physical(css: string): string[] {
  return [...css.matchAll(IN_CSS)]
    .filter((match) => !/^(?:text-align|float)/.test(match[0]) || /\b(?:left|right)\b/.test(match[1] ?? ""))
    .map((match) => match[0]);
}

const files = readdirSync(SOURCES, { recursive: true, encoding: "utf8" }).filter((name) => !name.startsWith("strings"));

it.each(files.filter((name) => name.endsWith(".css")))("%s", (name) => {
  expect(physical(readFileSync(join(SOURCES, name), "utf8"))).toEqual([]);
});

it("no component sets one side by hand", () => {
  const found = files
    .filter((name) => name.endsWith(".tsx"))
    .flatMap((name) => [...readFileSync(join(SOURCES, name), "utf8").matchAll(IN_CODE)].map((match) => `${name}: ${match[0]}`));
  expect(found).toEqual([]);
});

it("finds what is planted", () => {
  expect(physical("a { margin-left: 1px; } b { text-align: right } c { left: 0; float:left }")).toHaveLength(4);
  expect(physical("a { margin-inline-start: 1px; text-align: start; border-inline-end: 0 }")).toEqual([]);
});
