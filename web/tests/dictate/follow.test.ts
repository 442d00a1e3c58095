import { expect, test } from "vitest";

import type { DictateTranscriptSegment } from "../../src/protocol/contracts";
import { follow, wordAt } from "../../src/rooms/dictate/follow";

function segment(start: number, words: readonly string[], gone: readonly (readonly [number, number])[] = []): DictateTranscriptSegment {
  return {
    start,
    end: start + words.length,
    text: "",
    raw: words.join(" "),
    words: words.map((word, index) => ({ word, start: start + index, end: start + index + 0.8, confidence: null })),
    commands: [],
    gone,
    capitals: false,
  };
}

const times = (text: string, ...segments: DictateTranscriptSegment[]) =>
  follow(text, segments).map((word) => [word.text, Number(word.start.toFixed(2)), Number(word.end.toFixed(2))]);

test("words keep their times through capitals and marks", () => {
  expect(times("Hello, World!", segment(1, ["hello", "world"]))).toEqual([
    ["Hello,", 1, 1.8],
    ["World!", 2, 2.8],
  ]);
});

test("words that clean-up or a person wrote share the time between their neighbours", () => {
  expect(times("It costs 25 euros.", segment(0, ["it", "costs", "twenty", "five", "euros"]))).toEqual([
    ["It", 0, 0.8],
    ["costs", 1, 1.8],
    ["25", 1.8, 4],
    ["euros.", 4, 4.8],
  ]);
  expect(times("all new words", segment(2, ["x", "y", "z"]))).toEqual([
    ["all", 2, 3],
    ["new", 3, 4],
    ["words", 4, 5],
  ]);
});

test("words that a command took out have no part in it", () => {
  expect(times("Yes. No", segment(0, ["yes", "new", "line"], [[1, 2]]), segment(5, ["no"]))).toEqual([
    ["Yes.", 0, 0.8],
    ["No", 5, 5.8],
  ]);
});

test("times never go back and the text is whole, whatever it is", () => {
  const text = "One  two\n\nthree two one three";
  const found = follow(text, [segment(3, ["three", "one"]), segment(9, ["two", "two"])]);
  expect(found.map((word) => word.text + word.space).join("")).toBe(text);
  let before = 0;
  for (const word of found) {
    expect(word.start).toBeGreaterThanOrEqual(before);
    expect(word.end).toBeGreaterThanOrEqual(word.start);
    before = word.start;
  }
});

test("without a word there is none to follow, and without segments no time", () => {
  expect(follow("", [segment(0, ["a"])])).toEqual([]);
  expect(times("a b")).toEqual([
    ["a", 0, 0],
    ["b", 0, 0],
  ]);
});

test("the word at a moment is the one that began last", () => {
  const words = follow("a b c", [segment(1, ["a", "b", "c"])]);
  expect([0, 1, 1.9, 2, 99].map((second) => wordAt(words, second))).toEqual([-1, 0, 0, 1, 2]);
});
