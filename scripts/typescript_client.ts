export type CommandName = keyof Commands;
export type EventName = keyof Events;

/** What a command needs; see `COMMANDS`. */
export interface CommandInfo {
  readonly capability: string;
  readonly job: boolean;
  readonly replay: number;
  readonly approval: boolean;
  readonly leavesMachine: boolean;
  readonly seconds: number | null;
  readonly descriptors: number;
  readonly items: boolean;
  readonly inputs: boolean;
}

/** A command on its way: what a transport puts into an envelope. */
export interface Invocation {
  readonly name: CommandName;
  readonly payload: unknown;
  /** How long it may take, in seconds; null: until it is done or cancelled. */
  readonly seconds: number | null;
  /** What it is about; empty: the default workspace. */
  readonly workspace: string;
  /** What is streamed in, pulled as there is credit; null: nothing. */
  readonly inputs: AsyncIterable<unknown> | null;
  /** Files that go beside it. */
  readonly files: readonly Blob[];
  /** Aborted to cancel the command, which is still answered. */
  readonly signal: AbortSignal | null;
}

/** What a transport calls while a command runs. An item's credit is returned when `item` has resolved. */
export interface Reactions {
  item(value: unknown): void | Promise<void>;
  progress(value: Progress): void;
  gap(value: Gap): void;
}

/** A file beside a result: fetched once by its ticket; `size` in bytes. */
export interface TicketedFile {
  readonly ticket: string;
  readonly size: number;
}

/** A result with the files that came beside it. */
export interface Answer {
  readonly value: unknown;
  readonly files: readonly TicketedFile[];
}

/** Whatever carries commands to the control plane; rejects with the error it was answered with. */
export interface Transport {
  invoke(invocation: Invocation, reactions: Reactions): Promise<Answer>;
}

/** An error of the control plane, as it is thrown. */
export class GarretError extends Error {
  readonly code: Code;
  readonly retryable: boolean;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(error: WireError) {
    super(error.message);
    this.name = "GarretError";
    this.code = error.code;
    this.retryable = error.retryable;
    this.details = error.details;
  }
}

/** What may be said beside a command. */
export interface CallOptions<K extends CommandName> {
  readonly onItem?: (item: Commands[K]["item"]) => void | Promise<void>;
  readonly onProgress?: (progress: Progress) => void;
  /** Items of a job passed that this caller did not get. */
  readonly onGap?: (gap: Gap) => void;
  readonly inputs?: AsyncIterable<Commands[K]["input"]>;
  readonly seconds?: number | null;
  readonly workspace?: string;
  readonly signal?: AbortSignal;
}

/** One event as it is told: which kind it is, says its name. */
export type Happened = {
  readonly [K in EventName]: { readonly name: K; readonly event: Events[K] };
}[EventName];

/** What hears of events: each in order, and how many were lost where there is a gap. */
export interface Listener {
  begun?(): void;
  happened(told: Happened): void | Promise<void>;
  lost?(count: number): void;
}

/** Typed commands over any transport. */
export class Client {
  constructor(private readonly transport: Transport) {}

  /** Ask; resolves with the result, and throws what the transport rejects with. */
  async call<K extends CommandName>(
    name: K,
    command: Commands[K]["command"],
    options: CallOptions<K> = {},
  ): Promise<Commands[K]["result"]> {
    return (await this.withFiles(name, command, [], options)).result;
  }

  /** As `call`, for a command that takes files, or answers with some. */
  async withFiles<K extends CommandName>(
    name: K,
    command: Commands[K]["command"],
    files: readonly Blob[] = [],
    options: CallOptions<K> = {},
  ): Promise<{ readonly result: Commands[K]["result"]; readonly files: readonly TicketedFile[] }> {
    const answer = await this.transport.invoke(
      {
        name,
        payload: command,
        seconds: options.seconds === undefined ? COMMANDS[name].seconds : options.seconds,
        workspace: options.workspace ?? "",
        inputs: options.inputs ?? null,
        files,
        signal: options.signal ?? null,
      },
      {
        item: (value) => options.onItem?.(value as Commands[K]["item"]),
        progress: (value) => options.onProgress?.(value),
        gap: (value) => options.onGap?.(value),
      },
    );
    return { result: answer.value as Commands[K]["result"], files: answer.files };
  }

  /** Hear of the events that `pattern` stands for, until `signal` is aborted or the control plane ends it. */
  async subscribe(
    pattern: string,
    listener: Listener,
    signal?: AbortSignal,
  ): Promise<Commands["house.subscribe"]["result"]> {
    let last = -1;
    return this.call(
      "house.subscribe",
      { pattern },
      {
        onItem: async (item) => {
          const missing = item.sequence - last - 1;
          last = item.sequence;
          if (missing > 0) listener.lost?.(missing);
          if (item.sequence === 0) listener.begun?.();
          else await listener.happened({ name: item.name, event: item.event } as Happened);
        },
        ...(signal === undefined ? {} : { signal }),
      },
    );
  }
}
