import { expect, test } from "vitest";

import type { House } from "../../src/frame/house";
import { GarretError, type CallOptions, type DictateDictationItem } from "../../src/protocol/contracts";
import { Dictation } from "../../src/rooms/dictate/dictation";

/** A house in which a dictation goes on until it is ended: what was asked of it, and both ends of the call. */
function house() {
  const asked: { name: string; command: unknown }[] = [];
  let items: ((item: DictateDictationItem) => void) | undefined;
  let end: (result: unknown) => void = () => undefined;
  let fail: (error: GarretError) => void = () => undefined;
  const stops: GarretError[] = [];
  const said: unknown[] = [];
  const call = (name: string, command: unknown, options: CallOptions<"dictate.listen"> = {}) => {
    asked.push({ name, command });
    if (name === "dictate.stop") {
      const refused = stops.shift();
      return refused === undefined ? Promise.resolve({}) : Promise.reject(refused);
    }
    if (name === "dictate.pause") return Promise.resolve({ paused: true, dictations: 1 });
    items = options.onItem as typeof items;
    void (async () => {
      for await (const wish of options.inputs ?? []) said.push(wish);
      said.push("end");
    })();
    return new Promise((resolve, reject) => {
      end = resolve;
      fail = reject;
      options.signal?.addEventListener("abort", () => reject(error("cancelled")));
    });
  };
  const item = (kind: DictateDictationItem["kind"], more: Partial<DictateDictationItem> = {}) =>
    items?.({ kind, text: "", segment: 0, start: 0, end: 0, level: 0, quality: "", kept: 0, ...more });
  return { house: { call } as unknown as House, asked, item, said, stops, end: (value: unknown) => end(value), fail: (problem: GarretError) => fail(problem) };
}

const error = (code: GarretError["code"], details = {}) => new GarretError({ code, message: `it ${code}`, retryable: false, details });
const done = { utterance: "utt_1", note: "It was noisy." };
const names = (asked: readonly { name: string }[]) => asked.map((each) => each.name);

test("it is shown to begin before the house has answered, and to listen once the microphone is open", async () => {
  const [dictation, here] = [new Dictation(), house()];
  const over = dictation.begin(here.house, { mode: "plain", engine: "whisper" });
  expect(dictation.hearing.get().phase).toBe("starting");
  expect(here.asked[0]?.command).toMatchObject({ source: "microphone", mode: "free", commands: false, engine: "whisper" });
  here.item("state", { text: "listening" });
  here.item("level", { level: -20 });
  expect([dictation.hearing.get().phase, dictation.level.get()]).toEqual(["listening", -20]);
  await dictation.stop(here.house);
  expect(dictation.hearing.get().phase).toBe("finishing");
  here.end(done);
  await over;
  expect(dictation.ended.get()).toEqual({ utterance: "utt_1", cancelled: false, note: "It was noisy.", error: null });
  expect([dictation.on, dictation.hearing.get().phase, dictation.level.get()]).toEqual([false, "idle", null]);
});

test("stopped before the microphone is open, it is stopped as soon as it is", async () => {
  const [dictation, here] = [new Dictation(), house()];
  const over = dictation.begin(here.house, { mode: "spelling", engine: "" });
  here.stops.push(error("not_found"));
  await dictation.stop(here.house);
  expect(dictation.on).toBe(true);
  here.item("state", { text: "listening" });
  expect(names(here.asked)).toEqual(["dictate.listen", "dictate.stop", "dictate.stop"]);
  here.end(done);
  await over;
  expect(dictation.ended.get()?.utterance).toBe("utt_1");
});

test("what cannot be stopped is cancelled: no microphone stays open behind a stopped page", async () => {
  const [dictation, here] = [new Dictation(), house()];
  const over = dictation.begin(here.house, { mode: "commands", engine: "" });
  here.item("state", { text: "listening" });
  here.stops.push(error("unavailable"));
  await dictation.stop(here.house);
  await over;
  expect(dictation.ended.get()).toMatchObject({ cancelled: true, error: null });
});

test("a second begin does nothing, and a failure is told with what it is about", async () => {
  const [dictation, here] = [new Dictation(), house()];
  const over = dictation.begin(here.house, { mode: "commands", engine: "" });
  await dictation.begin(here.house, { mode: "commands", engine: "" });
  expect(here.asked).toHaveLength(1);
  here.fail(error("failed", { utterance: "utt_9" }));
  await over;
  expect(dictation.ended.get()).toMatchObject({ utterance: "utt_9", cancelled: false });
  expect(dictation.ended.get()?.error?.message).toBe("it failed");
});

test("cancelled is no failure", async () => {
  const [dictation, here] = [new Dictation(), house()];
  const over = dictation.begin(here.house, { mode: "commands", engine: "" });
  dictation.cancel();
  await over;
  expect(dictation.ended.get()).toMatchObject({ cancelled: true, error: null });
});

test("it is paused and goes on by one word each, and only while it listens", async () => {
  const [dictation, here] = [new Dictation(), house()];
  await dictation.pause(here.house);
  expect(here.asked).toEqual([]);
  const over = dictation.begin(here.house, { mode: "plain", engine: "" });
  await dictation.pause(here.house);
  here.item("state", { text: "listening" });
  await dictation.pause(here.house);
  here.item("state", { text: "paused" });
  await dictation.pause(here.house);
  expect(here.asked.slice(1)).toEqual([
    { name: "dictate.pause", command: { paused: true } },
    { name: "dictate.pause", command: { paused: false } },
  ]);
  here.end(done);
  await over;
});

test("the last command becomes words again, and what streams in ends with the dictation alone", async () => {
  const [dictation, here] = [new Dictation(), house()];
  dictation.wordsAgain();
  const over = dictation.begin(here.house, { mode: "commands", engine: "" });
  here.item("command", { text: "new line" });
  dictation.wordsAgain();
  dictation.wordsAgain();
  here.item("words", { text: "new line" });
  expect([dictation.restored.get(), dictation.hearing.get().commands]).toEqual([{ phrase: "new line" }, []]);
  here.end(done);
  await over;
  await Promise.resolve();
  await new Promise((settled) => setTimeout(settled));
  expect(here.said).toEqual([{ as_words: true }, { as_words: true }, "end"]);
});
