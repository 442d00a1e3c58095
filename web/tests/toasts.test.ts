import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { Toasts } from "../src/frame/toasts";

let toasts: Toasts;
const texts = () => toasts.state().shown.map((toast) => toast.text);
const seconds = (count: number) => vi.advanceTimersByTime(1000 * count);

beforeEach(() => {
  vi.useFakeTimers();
  toasts = new Toasts();
});
afterEach(() => vi.useRealTimers());

describe("a toast", () => {
  it("is shown, goes by itself, and stays in the log", () => {
    toasts.say("Saved.");
    expect(texts()).toEqual(["Saved."]);
    seconds(5);
    expect(texts()).toEqual([]);
    expect(toasts.state().log.map((said) => said.text)).toEqual(["Saved."]);
  });

  it("waits while pointer or focus is on it, and a little after", () => {
    const id = toasts.say("Read me.");
    seconds(4);
    toasts.hold(id);
    toasts.hold(id);
    seconds(600);
    toasts.release(id);
    seconds(600);
    expect(texts()).toEqual(["Read me."]);
    toasts.release(id);
    seconds(1.9);
    expect(texts()).toEqual(["Read me."]);
    seconds(0.2);
    expect(texts()).toEqual([]);
  });

  it("carries one action, which ends it", () => {
    const run = vi.fn();
    const id = toasts.failed("It broke.", { title: "Retry", run });
    toasts.act(id);
    toasts.act(id);
    expect(run).toHaveBeenCalledOnce();
    expect(texts()).toEqual([]);
  });

  it("gives way to newer ones, but not while it can be undone", () => {
    toasts.undoable("Deleted.", () => undefined);
    for (const text of ["a", "b", "c", "d", "e"]) toasts.say(text);
    expect(texts()).toEqual(["Deleted.", "c", "d", "e"]);
    expect(toasts.state().log).toHaveLength(6);
  });
});

describe("undo", () => {
  it("can be had for 8 s at least, whatever is asked for", () => {
    const settled = vi.fn();
    toasts.undoable("Deleted.", () => undefined, { seconds: 1, settled });
    seconds(7.9);
    expect(texts()).toEqual(["Deleted."]);
    expect(settled).not.toHaveBeenCalled();
    seconds(0.2);
    expect(texts()).toEqual([]);
    expect(settled).toHaveBeenCalledOnce();
    expect(toasts.undo()).toBe(false);
  });

  it("takes back the last first, each once", () => {
    const undone: string[] = [];
    toasts.undoable("one", () => void undone.push("one"));
    toasts.undoable("two", () => void undone.push("two"));
    toasts.say("three");
    expect([toasts.undo(), toasts.undo(), toasts.undo()]).toEqual([true, true, false]);
    expect(undone).toEqual(["two", "one"]);
    expect(toasts.state().log.map((said) => [said.text, said.undone])).toEqual([
      ["three", false],
      ["two", true],
      ["one", true],
    ]);
  });

  it("does not settle what was taken back", () => {
    const settled = vi.fn();
    toasts.undoable("Deleted.", () => undefined, { settled });
    toasts.undo();
    seconds(60);
    expect(settled).not.toHaveBeenCalled();
  });

  it("waits with its toast under the pointer", () => {
    const undo = vi.fn();
    const id = toasts.undoable("Deleted.", undo);
    toasts.hold(id);
    seconds(600);
    expect(toasts.undo()).toBe(true);
    expect(undo).toHaveBeenCalledOnce();
  });

  it("that fails says so, and the log does not call it undone", async () => {
    toasts.undoable("Deleted.", () => Promise.reject(new Error("It is gone for good.")));
    toasts.undo();
    await vi.advanceTimersByTimeAsync(0);
    expect(texts()).toEqual(["It is gone for good."]);
    expect(toasts.state().log.find((said) => said.text === "Deleted.")?.undone).toBe(false);
  });

  it("is settled when the toast is dismissed", () => {
    const settled = vi.fn();
    toasts.dismiss(toasts.undoable("Deleted.", () => undefined, { settled }));
    expect(settled).toHaveBeenCalledOnce();
  });
});

it("the log is bounded, newest first", () => {
  for (let at = 0; at < 300; at += 1) toasts.say(String(at));
  const { log } = toasts.state();
  expect(log).toHaveLength(200);
  expect(log[0]?.text).toBe("299");
});
