import { expect, test } from "vitest";

import type { DictateDictationItem } from "../../src/protocol/contracts";
import { hear, share, SILENT, textOf } from "../../src/rooms/dictate/hearing";

const item = (kind: DictateDictationItem["kind"], more: Partial<DictateDictationItem> = {}): DictateDictationItem => ({
  kind, text: "", segment: 0, start: 0, end: 0, level: 0, quality: "", kept: 0, ...more,
});

const heard = (...items: DictateDictationItem[]) => items.reduce(hear, { ...SILENT, phase: "starting" as const });

test("partial text gives way to what was heard, segment by segment", () => {
  const first = heard(item("partial", { segment: 0, text: "hel" }), item("partial", { segment: 0, text: "hello" }));
  expect(textOf(first)).toEqual({ settled: "", partial: "hello" });
  const next = [
    item("final", { segment: 0, text: "Hello." }),
    item("partial", { segment: 1, text: "an" }),
    item("final", { segment: 2, start: 5, text: "last" }),
  ].reduce(hear, first);
  expect(textOf(next)).toEqual({ settled: "Hello. last", partial: "an" });
});

test("what is heard in parallel stands in the order in which it was said", () => {
  const both = heard(item("final", { segment: 1, start: 4, text: "two" }), item("final", { segment: 0, start: 1, text: "one" }));
  expect(textOf(both).settled).toBe("one two");
});

test("a partial that was overtaken changes nothing", () => {
  const done = heard(item("final", { segment: 0, text: "done" }));
  expect(hear(done, item("partial", { segment: 0, text: "do" }))).toEqual(done);
});

test("it listens from the moment the microphone is open, and not once it is being stopped", () => {
  expect(heard(item("state", { text: "listening" })).phase).toBe("listening");
  expect(hear({ ...SILENT, phase: "finishing" }, item("state", { text: "listening" })).phase).toBe("finishing");
});

test("a pause is shown until it listens again, and what is words again is no command", () => {
  const paused = heard(item("state", { text: "listening" }), item("command", { text: "new line" }), item("command", { text: "tab" }), item("state", { text: "paused" }));
  expect(paused.phase).toBe("paused");
  expect(hear(paused, item("state", { text: "muted" })).phase).toBe("paused");
  expect(hear(paused, item("state", { text: "listening" })).phase).toBe("listening");
  expect(hear(paused, item("words", { text: "tab" })).commands).toEqual(["new line"]);
  expect(hear(paused, item("words", { text: "" })).commands).toEqual(["new line", "tab"]);
});

test("commands and modes are told, of commands the last eight", () => {
  const many = heard(...Array.from({ length: 10 }, (_, index) => item("command", { text: `c${index}` })), item("mode", { text: "capitals" }));
  expect(many.commands).toEqual(["c2", "c3", "c4", "c5", "c6", "c7", "c8", "c9"]);
  expect(many.capitals).toBe(true);
  expect(hear(many, item("mode")).capitals).toBe(false);
});

test("the meter fills from -60 dBFS on", () => {
  expect([null, -90, -60, -30, 0, 6].map(share)).toEqual([0, 0, 0, 0.5, 1, 1]);
});
