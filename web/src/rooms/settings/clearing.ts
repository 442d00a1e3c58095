// What was cleared and can come back, over all rooms; and whether the word was typed. Pure.

import type { HouseHoldings } from "../../protocol/contracts";

/** One act of clearing, with what all rooms still have of it. */
export interface Act {
  readonly clearing: string;
  readonly count: number;
  /** Seconds since 1970; `until` is the soonest of the rooms'. */
  readonly at: number;
  readonly until: number;
}

/** The acts that can be taken back, the last first. */
export function acts(holdings: HouseHoldings): readonly Act[] {
  const found = new Map<string, Act>();
  for (const each of holdings.rooms.flatMap((room) => room.restorable)) {
    const one = found.get(each.clearing);
    found.set(each.clearing, {
      clearing: each.clearing,
      count: each.count + (one?.count ?? 0),
      at: Math.max(each.at, one?.at ?? 0),
      until: Math.min(each.until, one?.until ?? Infinity),
    });
  }
  return [...found.values()].toSorted((one, other) => other.at - one.at);
}

/** Whether what was typed is the word, whatever its case. */
export const typed = (words: string, word: string): boolean =>
  words.trim().toLocaleLowerCase() === word.toLocaleLowerCase();
