// One search over all rooms: each room that can be searched is asked at once, and told of as it answers.

import { useEffect, useState } from "react";

import { sentenceOf } from "./ErrorCard";
import { useHouse } from "./house";
import type { RoomManifest, SearchHit } from "./room";
import { rooms } from "./rooms";

export interface Found {
  readonly room: RoomManifest;
  readonly hits: readonly SearchHit[];
  /** Why this room could not be searched; empty: it was. */
  readonly reason: string;
}

export interface Search {
  readonly found: readonly Found[];
  readonly searching: boolean;
}

export const SHORTEST = 2;
const PAUSE = 120; // milliseconds after the last letter
const NOTHING: Search = { found: [], searching: false };

/** What all rooms find for a text. What was found for the text before stays until the first room answers. */
export function useSearch(text: string): Search {
  const house = useHouse();
  const [search, setSearch] = useState<Search>(NOTHING);
  const wanted = text.trim();
  useEffect(() => {
    if (wanted.length < SHORTEST) {
      setSearch(NOTHING);
      return;
    }
    const ended = new AbortController();
    const asked = rooms.filter((room) => room.search !== undefined);
    const answers = new Map<string, Found>();
    const timer = setTimeout(() => {
      setSearch((before) => ({ ...before, searching: asked.length > 0 }));
      for (const room of asked)
        void findIn(room, wanted, ended.signal).then((found) => {
          if (ended.signal.aborted) return;
          answers.set(room.name, found);
          const inOrder = asked.flatMap((each) => answers.get(each.name) ?? []);
          setSearch({ found: inOrder, searching: answers.size < asked.length });
        });
      if (asked.length === 0) setSearch(NOTHING);
    }, PAUSE);
    const findIn = async (room: RoomManifest, for_: string, signal: AbortSignal): Promise<Found> => {
      try {
        return { room, hits: (await room.search?.(for_, house, signal)) ?? [], reason: "" };
      } catch (error) {
        return { room, hits: [], reason: sentenceOf(error) };
      }
    };
    return () => {
      clearTimeout(timer);
      ended.abort();
    };
  }, [house, wanted]);
  return search;
}
