// How rooms ask the house: queries that stay fresh by events, acts that say what they changed, streams.
//
//   const jobs = useAsk("house.jobs", { limit: 50 });
//   const retry = useAct("house.job_retry");
//
// What a query shows is made stale by events: each room's manifest says which (`refreshes`). Nothing polls.

import {
  useMutation,
  useQuery,
  useQueryClient,
  type UseMutationResult,
  type UseQueryResult,
} from "@tanstack/react-query";
import { createContext, useCallback, useContext, useEffect, useRef, useSyncExternalStore } from "react";

import type { Channel, Greeting, LineState } from "../protocol/channel";
import {
  Client,
  COMMANDS,
  type CallOptions,
  type CommandName,
  type Commands,
  type EventName,
  type Events,
  type GarretError,
  type Happened,
  type TicketedFile,
} from "../protocol/contracts";

export class House {
  readonly client: Client;

  constructor(readonly channel: Channel) {
    this.client = new Client(channel);
  }

  call<K extends CommandName>(
    name: K,
    command: Commands[K]["command"],
    options?: CallOptions<K>,
  ): Promise<Commands[K]["result"]> {
    return this.client.call(name, command, options);
  }

  /** A command that takes files, or answers with some. */
  withFiles<K extends CommandName>(
    name: K,
    command: Commands[K]["command"],
    files: readonly Blob[] = [],
    options: CallOptions<K> = {},
  ): Promise<{ readonly result: Commands[K]["result"]; readonly files: readonly TicketedFile[] }> {
    return this.client.withFiles(name, command, files, options);
  }

  /** The content of a file that came beside a result. */
  async content(ticket: string): Promise<Blob> {
    const answer = await this.channel.port.fetchFile(ticket);
    if (!answer.ok) throw new Error(await answer.text());
    return answer.blob();
  }
}

const Context = createContext<House | null>(null);
export const HouseProvider = Context.Provider;

export function useHouse(): House {
  const house = useContext(Context);
  if (house === null) throw new Error("no house around this part of the page");
  return house;
}

/** Whether the control plane is reached. */
export function useLine(): LineState {
  const { channel } = useHouse();
  return useSyncExternalStore(
    (changed) => channel.listen(changed),
    () => channel.line,
  );
}

/** Who the host is, and what it can do besides. */
export function useGreeting(): Greeting | null {
  const { channel } = useHouse();
  return useSyncExternalStore(
    (changed) => channel.listen(changed),
    () => channel.greeting,
  );
}

/** A query: what a command answers, kept until an event makes it stale. */
export function useAsk<K extends CommandName>(
  name: K,
  command: Commands[K]["command"],
  options: {
    readonly enabled?: boolean;
    /** Asked anew whenever it is shown: no event tells that it is old. */
    readonly fresh?: boolean;
  } = {},
): UseQueryResult<Commands[K]["result"], GarretError> {
  const house = useHouse();
  const may = useMay(name);
  return useQuery<Commands[K]["result"], GarretError>({
    queryKey: [name, command],
    queryFn: ({ signal }) => house.call(name, command, { signal }),
    enabled: (options.enabled ?? true) && may,
    refetchOnMount: options.fresh === true ? "always" : true,
  });
}

/** An act: a command that changes something. Errors are the caller's to show, beside what they are about. */
export function useAct<K extends CommandName>(
  name: K,
): UseMutationResult<Commands[K]["result"], GarretError, Commands[K]["command"]> {
  const house = useHouse();
  return useMutation<Commands[K]["result"], GarretError, Commands[K]["command"]>({
    mutationFn: (command) => house.call(name, command),
  });
}

/** Hear of one kind of event while this is shown. */
export function useEvent<K extends EventName>(name: K, hear: (event: Events[K]) => void): void {
  const feed = useContext(FeedContext);
  const latest = useRef(hear);
  latest.current = hear;
  useEffect(
    () =>
      feed.listen((told) => {
        if (told.name === name) latest.current(told.event as Events[K]);
      }),
    [feed, name],
  );
}

/** All events, told to whoever listens here. */
export class Feed {
  private readonly listeners = new Set<(told: Happened) => void>();

  listen(hear: (told: Happened) => void): () => void {
    this.listeners.add(hear);
    return () => this.listeners.delete(hear);
  }

  tell(told: Happened): void {
    for (const hear of this.listeners) hear(told);
  }
}

export const FeedContext = createContext(new Feed());

/** Which queries an event makes stale. */
export type Refreshes = { readonly [K in EventName]?: readonly CommandName[] };

/** One subscription to everything, for as long as the page is shown; a lost event makes everything stale. */
export function useFeed(refreshes: readonly Refreshes[]): void {
  const house = useHouse();
  const feed = useContext(FeedContext);
  const queries = useQueryClient();
  const { state } = useLine();
  useEffect(() => {
    if (state !== "open") return;
    const ended = new AbortController();
    const stale = gather((name) => void queries.invalidateQueries({ queryKey: [name] }));
    void queries.invalidateQueries();
    house.client
      .subscribe(
        "*",
        {
          happened(told) {
            for (const each of refreshes) for (const name of each[told.name] ?? []) stale.add(name);
            feed.tell(told);
          },
          lost: () => void queries.invalidateQueries(),
        },
        ended.signal,
      )
      .catch(() => undefined); // it ended with the line, or this profile may hear of nothing
    return () => {
      stale.end();
      ended.abort();
    };
  }, [house, feed, queries, refreshes, state]);
}

const LULL = 100; // milliseconds

/** Pass on each name at once, but not again within 100 ms: a storm of events must not be a storm of questions. */
function gather<T>(pass: (name: T) => void): { add(name: T): void; end(): void } {
  const waiting = new Map<T, { readonly timer: ReturnType<typeof setTimeout>; again: boolean }>();
  const go = (name: T) => {
    pass(name);
    const timer = setTimeout(() => {
      const again = waiting.get(name)?.again === true;
      waiting.delete(name);
      if (again) go(name);
    }, LULL);
    waiting.set(name, { timer, again: false });
  };
  return {
    add(name) {
      const lull = waiting.get(name);
      if (lull === undefined) go(name);
      else lull.again = true;
    },
    end() {
      for (const { timer } of waiting.values()) clearTimeout(timer);
      waiting.clear();
    },
  };
}

/** Whether whoever is here may do this: what is refused anyway is not offered. */
export function useMay(name: CommandName): boolean {
  return useMayAsk()(name);
}

/** As `useMay`, for any command. */
export function useMayAsk(): (name: CommandName) => boolean {
  const capabilities = useContext(MayContext);
  const local = useGreeting()?.local;
  return useCallback(
    (name) => {
      const { capability } = COMMANDS[name];
      if (capability === "window") return local?.includes(name) ?? false;
      // Until it is known who is here, only what everybody may is asked: the rest would be refused and audited.
      return capabilities === null ? EVERYBODYS.has(capability) : capabilities.has(capability);
    },
    [capabilities, local],
  );
}

const EVERYBODYS: ReadonlySet<string> = new Set(["system.status", "desk.use"]);

/** null: not known yet. */
export const MayContext = createContext<ReadonlySet<string> | null>(null);
