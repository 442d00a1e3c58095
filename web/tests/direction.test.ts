// Right to left: no style says left or right where it means start or end, so that `dir` alone turns the page around.

import { expect, it } from "vitest";

const STYLES = import.meta.glob<string>("../src/**/*.css", { query: "?raw", import: "default", eager: true });
const CODE = import.meta.glob<string>("../src/**/*.tsx", { query: "?raw", import: "default", eager: true });

const IN_CSS = /(?<![\w-])(?:(?:margin|padding|border)-(?:left|right)|(?:left|right)|text-align|float)\s*:\s*([^;}]+)/g;
const IN_CODE = /\b(?:(?:margin|padding|border)(?:Left|Right)|[mp][lr])\s*[=:]/g;

/** Places in a style sheet that know left from right. */
function physical(css: string): string[] {
  return [...css.matchAll(IN_CSS)]
    .filter((match) => !/^(?:text-align|float)/.test(match[0]) || /\b(?:left|right)\b/.test(match[1] ?? ""))
    .map((match) => match[0]);
}

it.each(Object.entries(STYLES))("%s", (_, css) => {
  expect(css).toContain("{");
  expect(physical(css)).toEqual([]);
});

it("no component sets one side by hand", () => {
  const found = Object.entries(CODE).flatMap(([name, code]) => [...code.matchAll(IN_CODE)].map((match) => `${name}: ${match[0]}`));
  expect(Object.keys(CODE).length).toBeGreaterThan(10);
  expect(found).toEqual([]);
});

it("finds what is planted", () => {
  expect(physical("a { margin-left: 1px; } b { text-align: right } c { left: 0; float:left }")).toHaveLength(4);
  expect(physical("a { margin-inline-start: 1px; text-align: start; border-inline-end: 0 }")).toEqual([]);
});
