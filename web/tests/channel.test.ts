import { describe, expect, it, vi } from "vitest";

import { Channel } from "../src/protocol/channel";
import { Client, GarretError, type Invocation, type Reactions } from "../src/protocol/contracts";
import { HandPort } from "./ports.fake";

const invocation = (more: Partial<Invocation> = {}): Invocation => ({
  name: "house.status",
  payload: {},
  seconds: 30,
  workspace: "",
  inputs: null,
  files: [],
  signal: null,
  ...more,
});
const ask = async (channel: Channel, what: Invocation, reactions: Reactions) => (await channel.invoke(what, reactions)).value;
const silent: Reactions = { item: () => undefined, progress: () => undefined, gap: () => undefined };
const settled = () => new Promise((done) => setTimeout(done, 0));

function begun() {
  const port = new HandPort();
  return { port, channel: new Channel(port) };
}

describe("a call", () => {
  it("is sent whole and answered with its result", async () => {
    const { port, channel } = begun();
    const answer = ask(channel, invocation({ payload: { limit: 3 }, workspace: "w" }), silent);
    expect(port.sent).toEqual([
      { t: "call", id: 1, name: "house.status", payload: { limit: 3 }, seconds: 30, workspace: "w", files: [] },
    ]);
    port.tell({ t: "result", id: 1, value: { fine: true }, files: [] });
    await expect(answer).resolves.toEqual({ fine: true });
  });

  it("ends in the error that it was answered with", async () => {
    const { port, channel } = begun();
    const answer = ask(channel, invocation(), silent);
    port.tell({ t: "error", id: 1, error: { code: "denied", message: "No.", retryable: false, details: { what: 1 } } });
    const error = await answer.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(GarretError);
    expect(error).toMatchObject({ code: "denied", message: "No.", details: { what: 1 } });
  });

  it("tells progress and gaps, and nothing after its end", async () => {
    const { port, channel } = begun();
    const progress = vi.fn();
    const gap = vi.fn();
    const answer = ask(channel, invocation(), { ...silent, progress, gap });
    port.tell({ t: "progress", id: 1, value: { fraction: 0.5, note: "half" } });
    port.tell({ t: "gap", id: 1, items: 7 });
    port.tell({ t: "result", id: 1, value: 1, files: [] });
    port.tell({ t: "progress", id: 1, value: { fraction: 0.9, note: "late" } });
    await answer;
    expect(progress.mock.calls).toEqual([[{ fraction: 0.5, note: "half" }]]);
    expect(gap).toHaveBeenCalledWith({ items: 7 });
  });
});

describe("credit", () => {
  it("goes back for what was used, in lots of 16", async () => {
    const { port, channel } = begun();
    const seen: unknown[] = [];
    void ask(channel, invocation(), { ...silent, item: (value) => void seen.push(value) });
    for (let at = 0; at < 40; at += 1) port.tell({ t: "item", id: 1, value: at });
    await settled();
    expect(seen).toEqual(Array.from({ length: 40 }, (_, at) => at));
    expect(port.of("used")).toEqual([
      { t: "used", id: 1, count: 16 },
      { t: "used", id: 1, count: 16 },
    ]);
  });

  it("does not go back while items are still being worked on", async () => {
    const { port, channel } = begun();
    let go = () => undefined as void;
    const blocked = new Promise<void>((done) => (go = done));
    void ask(channel, invocation(), { ...silent, item: () => blocked });
    for (let at = 0; at < 20; at += 1) port.tell({ t: "item", id: 1, value: at });
    await settled();
    expect(port.of("used")).toEqual([]);
    go();
    await settled();
    expect(port.of("used")).toHaveLength(1);
  });

  it("bounds what is streamed in", async () => {
    const { port, channel } = begun();
    async function* inputs() {
      for (let at = 0; at < 5; at += 1) yield at;
    }
    void ask(channel, invocation({ inputs: inputs() }), silent);
    await settled();
    expect(port.of("item")).toEqual([]);
    port.tell({ t: "room", id: 1, count: 2 });
    await settled();
    expect(port.of("item").map((each) => each.value)).toEqual([0, 1]);
    expect(port.of("end")).toEqual([]);
    port.tell({ t: "room", id: 1, count: 9 });
    await settled();
    expect(port.of("item").map((each) => each.value)).toEqual([0, 1, 2, 3, 4]);
    expect(port.of("end")).toEqual([{ t: "end", id: 1 }]);
  });

  it("ends what streams in with the call", async () => {
    const { port, channel } = begun();
    const ended = vi.fn();
    async function* inputs() {
      try {
        for (;;) yield 1;
      } finally {
        ended();
      }
    }
    const answer = ask(channel, invocation({ inputs: inputs() }), silent);
    await settled();
    port.tell({ t: "result", id: 1, value: null, files: [] });
    await answer;
    await settled();
    expect(ended).toHaveBeenCalledOnce();
    expect(port.of("end")).toEqual([]);
  });

  it("cancels the call when what streams in breaks off", async () => {
    const { port, channel } = begun();
    async function* inputs(): AsyncGenerator<number> {
      yield 1;
      throw new Error("the microphone is gone");
    }
    void ask(channel, invocation({ inputs: inputs() }), silent).catch(() => undefined);
    port.tell({ t: "room", id: 1, count: 9 });
    await settled();
    expect(port.of("cancel")).toEqual([{ t: "cancel", id: 1 }]);
  });
});

describe("cancel", () => {
  it("is sent once, and the call is still answered", async () => {
    const { port, channel } = begun();
    const ended = new AbortController();
    const answer = ask(channel, invocation({ signal: ended.signal }), silent);
    ended.abort();
    expect(port.of("cancel")).toEqual([{ t: "cancel", id: 1 }]);
    port.tell({ t: "error", id: 1, error: { code: "cancelled", message: "Cancelled.", retryable: false, details: {} } });
    await expect(answer).rejects.toMatchObject({ code: "cancelled" });
  });

  it("of a call that never began sends nothing", async () => {
    const { port, channel } = begun();
    await expect(ask(channel, invocation({ signal: AbortSignal.abort() }), silent)).rejects.toMatchObject({ code: "cancelled" });
    expect(port.sent).toEqual([]);
  });

  it("after the end sends nothing", async () => {
    const { port, channel } = begun();
    const ended = new AbortController();
    const answer = ask(channel, invocation({ signal: ended.signal }), silent);
    port.tell({ t: "result", id: 1, value: 1, files: [] });
    await answer;
    ended.abort();
    expect(port.of("cancel")).toEqual([]);
  });

  it("of items that cannot be taken ends the call with their reason", async () => {
    const { port, channel } = begun();
    const answer = ask(channel, invocation(), {
      ...silent,
      item: () => {
        throw new Error("no place for it");
      },
    });
    port.tell({ t: "item", id: 1, value: 1 });
    await expect(answer).rejects.toThrow("no place for it");
    expect(port.of("cancel")).toEqual([{ t: "cancel", id: 1 }]);
  });
});

describe("close", () => {
  it("fails all that is under way, says so, and the channel goes on after it", async () => {
    const { port, channel } = begun();
    const heard = vi.fn();
    channel.listen(heard);
    const first = ask(channel, invocation(), silent);
    const second = ask(channel, invocation(), silent);
    port.close("It is gone.");
    await expect(first).rejects.toMatchObject({ code: "unavailable", message: "It is gone.", retryable: true });
    await expect(second).rejects.toMatchObject({ code: "unavailable" });
    expect(channel.line).toEqual({ state: "away", reason: "It is gone." });
    expect(heard).toHaveBeenCalledOnce();
    const third = ask(channel, invocation(), silent);
    port.tell({ t: "line", state: "open", reason: "" });
    port.tell({ t: "result", id: 3, value: "again", files: [] });
    await expect(third).resolves.toBe("again");
    expect(channel.line.state).toBe("open");
  });
});

describe("events", () => {
  it("are told in order, and lost ones are counted", async () => {
    const { port, channel } = begun();
    const happened = vi.fn();
    const lost = vi.fn();
    const begin = vi.fn();
    void new Client(channel).subscribe("*", { happened, lost, begun: begin });
    port.tell({ t: "item", id: 1, value: { sequence: 0, name: "", event: null, workspace: "" } });
    port.tell({ t: "item", id: 1, value: { sequence: 1, name: "house.profile_changed", event: { profile: "a" }, workspace: "" } });
    port.tell({ t: "item", id: 1, value: { sequence: 5, name: "house.profile_changed", event: { profile: "b" }, workspace: "" } });
    await settled();
    expect(begin).toHaveBeenCalledOnce();
    expect(happened.mock.calls.map(([told]) => (told as { event: unknown }).event)).toEqual([{ profile: "a" }, { profile: "b" }]);
    expect(lost).toHaveBeenCalledWith(3);
  });
});

it("greets: who the host is, and what it can do", () => {
  const { port, channel } = begun();
  expect(channel.greeting).toBeNull();
  port.tell({ t: "hello", version: 1, role: "shell", build: "b", local: ["window.copy"] });
  expect(channel.greeting).toMatchObject({ role: "shell", local: ["window.copy"] });
});
