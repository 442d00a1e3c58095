import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { bridgePort, socketPort } from "../src/protocol/ports";

class HandSocket {
  static made: HandSocket[] = [];
  onopen: (() => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  readonly sent: string[] = [];

  constructor(readonly address: string) {
    HandSocket.made.push(this);
  }

  send(text: string): void {
    this.sent.push(text);
  }
}

const last = (): HandSocket => HandSocket.made.at(-1) as HandSocket;

describe("a socket", () => {
  beforeEach(() => {
    HandSocket.made = [];
    vi.useFakeTimers();
    vi.stubGlobal("WebSocket", HandSocket);
    vi.stubGlobal("fetch", () => Promise.resolve({ status: 200 }));
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  const opened = () => {
    const out = vi.fn();
    const port = socketPort("ws://here/channel", "away", out);
    const hear = { text: vi.fn(), closed: vi.fn() };
    port.attach(hear);
    return { port, hear, out };
  };

  it("keeps what is sent before it is open, in order", () => {
    const { port, hear } = opened();
    port.send("one");
    port.send("two");
    expect(last().sent).toEqual([]);
    last().onopen?.();
    port.send("three");
    expect(last().sent).toEqual(["one", "two", "three"]);
    last().onmessage?.({ data: "hello" });
    expect(hear.text).toHaveBeenCalledWith("hello");
  });

  it("comes back by itself, ever later, and soon again once it was open", () => {
    const { hear } = opened();
    last().onopen?.();
    last().onclose?.({ code: 1006 });
    expect(hear.closed).toHaveBeenCalledWith("away");
    const pauses: number[] = [];
    for (let tries = 0; tries < 7; tries += 1) {
      const before = HandSocket.made.length;
      let waited = 0;
      while (HandSocket.made.length === before) {
        vi.advanceTimersByTime(50);
        waited += 50;
      }
      pauses.push(waited);
      last().onclose?.({ code: 1006 });
    }
    expect(pauses).toEqual([250, 500, 1000, 2000, 4000, 5000, 5000]);
    vi.advanceTimersByTime(5000);
    last().onopen?.();
    last().onclose?.({ code: 1006 });
    const before = HandSocket.made.length;
    vi.advanceTimersByTime(250);
    expect(HandSocket.made.length).toBe(before + 1);
  });

  it("leads to the door where the session was ended, and does not come back", async () => {
    const { hear, out } = opened();
    vi.stubGlobal("fetch", () => Promise.resolve({ status: 401 }));
    last().onopen?.();
    last().onclose?.({ code: 1008 });
    expect(hear.closed).toHaveBeenCalledWith("away");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(out).toHaveBeenCalledTimes(1);
    expect(HandSocket.made.length).toBe(1);
  });

  it("stays and tries again where the session was ended while the gateway cannot be reached", async () => {
    const { out } = opened();
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("away")));
    last().onopen?.();
    last().onclose?.({ code: 1008 });
    await vi.advanceTimersByTimeAsync(250);
    expect(out).not.toHaveBeenCalled();
    expect(HandSocket.made.length).toBe(2);
  });

  it("leads to the door where a gateway that began anew knows this browser no more, not where it is away", async () => {
    const { out } = opened();
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("away")));
    last().onclose?.({ code: 1006 });
    await vi.advanceTimersByTimeAsync(250);
    expect(out).not.toHaveBeenCalled();
    vi.stubGlobal("fetch", () => Promise.resolve({ status: 401 }));
    last().onclose?.({ code: 1006 });
    await vi.advanceTimersByTimeAsync(1);
    expect(out).toHaveBeenCalledTimes(1);
  });

  it("does not send again what was sent into a connection that failed", () => {
    const { port } = opened();
    port.send("lost: the channel has failed its call");
    last().onclose?.({ code: 1006 });
    vi.advanceTimersByTime(250);
    last().onopen?.();
    expect(last().sent).toEqual([]);
    port.send("new");
    expect(last().sent).toEqual(["new"]);
  });
});

describe("the window's bridge", () => {
  it("keeps what is sent before it is there", async () => {
    const sent: string[] = [];
    const connected: ((text: string) => void)[] = [];
    const bridge = {
      send: (text: string) => void sent.push(text),
      message: { connect: (hear: (text: string) => void) => void connected.push(hear) },
    };
    const port = bridgePort(Promise.resolve(bridge));
    const hear = { text: vi.fn(), closed: vi.fn() };
    port.send("early");
    port.attach(hear);
    await Promise.resolve();
    await Promise.resolve();
    port.send("late");
    expect(sent).toEqual(["early", "late"]);
    connected[0]?.("from the host");
    expect(hear.text).toHaveBeenCalledWith("from the host");
  });
});
