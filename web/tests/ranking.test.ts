import { describe, expect, it } from "vitest";

import { folded, match, rank, used, type Entry } from "../src/frame/ranking";

const entry = (title: string, group: Entry["group"] = "act", hint?: string): Entry => ({
  id: title,
  group,
  title,
  ...(hint === undefined ? {} : { hint }),
  run: () => undefined,
});
const ENTRIES = [
  entry("Machine room", "page"),
  entry("Dictate", "page"),
  entry("Make a backup"),
  entry("Check the audit chain"),
  entry("Look: dark"),
  entry("Über Garret"),
  entry("Desk: theme", "setting", "Whether pages are light or dark; system follows the desktop."),
];
const titles = (typed: string, recent: readonly string[] = []) => rank(ENTRIES, typed, recent).map((each) => each.entry.title);

describe("a word", () => {
  it("counts more at the beginning, then at a word's, within, as initials, scattered", () => {
    const points = [
      match("mach", "machine room"),
      match("room", "machine room"),
      match("chin", "machine room"),
      match("mr", "machine room"),
      match("mchne", "machine room"),
    ];
    expect(points).toEqual([...points].sort((a, b) => b - a));
    expect(new Set(points).size).toBe(points.length);
    expect(Math.min(...points)).toBeGreaterThan(0);
  });

  it("is not found in letters that lie far apart", () => {
    expect(match("mkp", "make a very long backup")).toBe(0);
    expect(match("xyz", "machine room")).toBe(0);
  });
});

describe("ranking", () => {
  it("finds by the beginning, by initials, by slips and without accents", () => {
    expect(titles("mach")[0]).toBe("Machine room");
    expect(titles("mr")[0]).toBe("Machine room");
    expect(titles("bakup")[0]).toBe("Make a backup");
    expect(titles("uber")[0]).toBe("Über Garret");
    expect(folded("Über")).toBe("uber");
  });

  it("wants every word found, in title or hint, and puts titles before hints", () => {
    expect(titles("audit check")).toEqual(["Check the audit chain"]);
    expect(titles("dark")).toEqual(["Look: dark", "Desk: theme"]);
    expect(titles("dark zebra")).toEqual([]);
  });

  it("puts what was used lately first where nothing is typed, and shows all the rest", () => {
    expect(titles("", ["Look: dark", "Dictate"])).toEqual([
      "Look: dark",
      "Dictate",
      "Machine room",
      "Make a backup",
      "Check the audit chain",
      "Über Garret",
      "Desk: theme",
    ]);
  });

  it("lets what was used lately win among equals, not against better", () => {
    const two = [entry("Open one"), entry("Open two")];
    expect(rank(two, "open", ["Open two"]).map((each) => each.entry.title)).toEqual(["Open two", "Open one"]);
    expect(titles("dic", ["Check the audit chain"])[0]).toBe("Dictate");
  });

});

it("remembers what was used, once each, the last first", () => {
  let recent: readonly string[] = [];
  for (const id of ["a", "b", "a", ..."cdefghijk"]) recent = used(recent, id);
  expect(recent).toHaveLength(8);
  expect(recent[0]).toBe("k");
  expect(new Set(recent).size).toBe(8);
});
