import { expect, test } from "vitest";

import { asCsv, merge, parse } from "../../src/rooms/dictate/parsing";

const entries = (text: string) => parse(text).entries.map(({ heard, written }) => [heard, written]);

test.each([
  ["siobhan,Siobhan\nnew york,New York", [["siobhan", "Siobhan"], ["new york", "New York"]]],
  ["heard;written\r\ngee p s;GPS\r\n", [["gee p s", "GPS"]]],
  ["mill lane\tMill Lane, 1", [["mill lane", "Mill Lane, 1"]]],
  ["Kubernetes\nRöntgen\n\n", [["kubernetes", "Kubernetes"], ["röntgen", "Röntgen"]]],
  ["my mail = me@example.org", [["my mail", "me@example.org"]]],
  ['\uFEFFsign off,"Kind regards,\nAda ""the first"""', [["sign off", 'Kind regards,\nAda "the first"']]],
  ["", []],
])("%j", (text, expected) => {
  expect(entries(text)).toEqual(expected);
  expect(parse(text).skipped).toEqual([]);
});

test("what cannot be taken is told with its line, and the rest is taken", () => {
  const long = Array.from({ length: 13 }, (_, index) => `w${index}`).join(" ");
  const parsed = parse(`one,1\n,nothing\n${long},x\nOne,uno\none,1\n...,dots\ntwo,2`);
  expect(parsed.entries.map((entry) => entry.heard)).toEqual(["one", "two"]);
  expect(parsed.skipped.map(({ line, why }) => [line, why])).toEqual([[2, "empty"], [3, "long"], [4, "twice"], [6, "empty"]]);
});

test("lines are counted through fields that hold line breaks", () => {
  expect(parse('a,"1\n2"\n,x').skipped).toEqual([{ line: 3, text: ",x", why: "empty" }]);
});

test("what is there under another spelling is replaced, what is the same stays", () => {
  const merged = merge({ "New-York": "NY", ada: "Ada" }, parse("new york,New York\nada,Ada\nbob,Bob").entries);
  expect(merged).toEqual({ words: { "New-York": "New York", ada: "Ada", bob: "Bob" }, added: 1, changed: 1, same: 1 });
});

test("what is written is read back", () => {
  const words = { "sign off": 'Kind regards,\n"Ada"', "x y": "plain", heard: "trick" };
  expect(Object.fromEntries(parse(asCsv(words)).entries.map(({ heard, written }) => [heard, written]))).toEqual(words);
});
