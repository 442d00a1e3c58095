// The page's side of its channel to its host: JSON texts both ways, as garret/page/messages.py says.
//
// A channel carries calls over a port (the window's bridge or a WebSocket) and knows nothing else of it. Each
// call ends in one result or error; when the port closes, all that is under way fails with `unavailable`.

import {
  COMMANDS,
  GarretError,
  type Answer,
  type Gap,
  type Invocation,
  type Progress,
  type Reactions,
  type TicketedFile,
  type Transport,
  type WireError,
} from "./contracts";

/** Whatever carries texts to the host. */
export interface Port {
  send(text: string): void;
  /** Called by the channel once, to be told what comes. */
  attach(hear: { text(text: string): void; closed(reason: string): void }): void;
  /** Fetch a file that waits under a ticket. */
  fetchFile(ticket: string): Promise<Response>;
  /** Put a file up; its ticket. */
  putFile(file: Blob, signal?: AbortSignal): Promise<string>;
}

export interface LineState {
  readonly state: "connecting" | "open" | "away" | "refused";
  readonly reason: string;
}

export interface Greeting {
  readonly version: number;
  readonly role: string;
  readonly build: string;
  readonly local: readonly string[];
}

type FromHost =
  | ({ readonly t: "hello" } & Greeting)
  | ({ readonly t: "line" } & LineState)
  | { readonly t: "item"; readonly id: number; readonly value: unknown }
  | { readonly t: "progress"; readonly id: number; readonly value: Progress }
  | { readonly t: "gap"; readonly id: number; readonly items: number }
  | { readonly t: "room"; readonly id: number; readonly count: number }
  | { readonly t: "result"; readonly id: number; readonly value: unknown; readonly files: readonly TicketedFile[] }
  | { readonly t: "error"; readonly id: number; readonly error: WireError };

export const MESSAGES_VERSION = 1;

/** Credit goes back in lots, so that small items cost few messages. */
const USED_LOT = 16;

interface Call {
  readonly reactions: Reactions;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (reason: unknown) => void;
  room: number;
  roomCame: (() => void) | null;
  used: number;
}

export const unavailable = (message: string): GarretError =>
  new GarretError({ code: "unavailable", message, retryable: true, details: {} });

export class Channel implements Transport {
  private readonly calls = new Map<number, Call>();
  private readonly listeners = new Set<() => void>();
  private next = 0;
  line: LineState = { state: "connecting", reason: "" };
  greeting: Greeting | null = null;

  constructor(readonly port: Port) {
    port.attach({ text: (text) => this.receive(text), closed: (reason) => this.closed(reason) });
  }

  /** Be told when `line` or `greeting` changes; call what this returns to end it. */
  listen(changed: () => void): () => void {
    this.listeners.add(changed);
    return () => this.listeners.delete(changed);
  }

  /** Files are put up first, each under a ticket that the call names. */
  invoke(invocation: Invocation, reactions: Reactions): Promise<Answer> {
    const { files, signal } = invocation;
    if (signal?.aborted) return Promise.reject(cancelled());
    if (files.length === 0) return this.start(invocation, reactions, []);
    const putUp = Promise.all(files.map((file) => this.port.putFile(file, signal ?? undefined)));
    return putUp.then((tickets) => this.start(invocation, reactions, tickets));
  }

  private start(invocation: Invocation, reactions: Reactions, files: readonly string[]): Promise<Answer> {
    const { name, payload, seconds, workspace, inputs, signal } = invocation;
    if (signal?.aborted) return Promise.reject(cancelled());
    const id = ++this.next;
    return new Promise<Answer>((resolve, reject) => {
      const cancel = () => this.send({ t: "cancel", id });
      const over = () => signal?.removeEventListener("abort", cancel);
      const call: Call = {
        reactions,
        resolve: (answer) => (over(), resolve(answer)),
        reject: (reason) => (over(), reject(reason)),
        room: 0,
        roomCame: null,
        used: 0,
      };
      this.calls.set(id, call);
      signal?.addEventListener("abort", cancel);
      this.send({ t: "call", id, name, payload, seconds, workspace, files });
      if (inputs !== null) void this.streamIn(id, call, inputs);
    });
  }

  private async streamIn(id: number, call: Call, inputs: AsyncIterable<unknown>): Promise<void> {
    try {
      for await (const value of inputs) {
        while (call.room === 0 && this.calls.get(id) === call)
          await new Promise<void>((came) => (call.roomCame = came));
        if (this.calls.get(id) !== call) return;
        call.room -= 1;
        this.send({ t: "item", id, value });
      }
      if (this.calls.get(id) === call) this.send({ t: "end", id });
    } catch {
      this.send({ t: "cancel", id }); // what streams in broke off: the call cannot go on without it
    }
  }

  private send(message: unknown): void {
    this.port.send(JSON.stringify(message));
  }

  private receive(text: string): void {
    const message = JSON.parse(text) as FromHost;
    if (message.t === "hello") {
      this.greeting = message;
      this.changed();
    } else if (message.t === "line") {
      this.line = message;
      this.changed();
    } else {
      const call = this.calls.get(message.id);
      if (call !== undefined) this.happened(message, call);
    }
  }

  private happened(message: Exclude<FromHost, { t: "hello" | "line" }>, call: Call): void {
    switch (message.t) {
      case "item":
        void this.item(message.id, message.value, call);
        break;
      case "progress":
        call.reactions.progress(message.value);
        break;
      case "gap":
        call.reactions.gap({ items: message.items } satisfies Gap);
        break;
      case "room":
        call.room += message.count;
        this.wake(call);
        break;
      case "result":
        this.calls.delete(message.id);
        this.wake(call);
        call.resolve({ value: message.value, files: message.files });
        break;
      case "error":
        this.calls.delete(message.id);
        this.wake(call);
        call.reject(new GarretError(message.error));
    }
  }

  private async item(id: number, value: unknown, call: Call): Promise<void> {
    try {
      await call.reactions.item(value);
    } catch (reason) {
      this.broken(id, call, reason);
      return;
    }
    call.used += 1;
    if (call.used < USED_LOT || this.calls.get(id) !== call) return;
    this.send({ t: "used", id, count: call.used });
    call.used = 0;
  }

  /** What comes cannot be taken: the call ends here with that reason, and the host is told. */
  private broken(id: number, call: Call, reason: unknown): void {
    if (this.calls.get(id) !== call) return;
    this.calls.delete(id);
    this.send({ t: "cancel", id });
    this.wake(call);
    call.reject(reason);
  }

  private wake(call: Call): void {
    call.roomCame?.();
    call.roomCame = null;
  }

  private closed(reason: string): void {
    this.line = { state: "away", reason };
    const lost = [...this.calls.values()];
    this.calls.clear();
    for (const call of lost) {
      this.wake(call);
      call.reject(unavailable(reason));
    }
    this.changed();
  }

  private changed(): void {
    for (const hear of this.listeners) hear();
  }
}

const cancelled = (): GarretError =>
  new GarretError({ code: "cancelled", message: "Cancelled. Nothing was done.", retryable: false, details: {} });

/** Whether a command streams in files. */
export const takesFiles = (name: keyof typeof COMMANDS): boolean => COMMANDS[name].descriptors > 0;
