// Lines of a log that keep coming: the newest so many, asked for as often as a person can read.

import { useEffect, useRef, useState } from "react";

import { useHouse, useLine } from "../../frame/house";
import type { GarretError, HouseLogLine } from "../../protocol/contracts";

export const KEPT = 20_000;
const LOT = 2_000;
const PAUSE = 400; // milliseconds between two looks

export interface Wanted {
  readonly worker: string;
  readonly level: string;
}

/** `lines` with what came after them; of lines that were there before nothing is told twice. */
export function appended(lines: readonly HouseLogLine[], more: readonly HouseLogLine[], kept = KEPT): readonly HouseLogLine[] {
  const last = lines.at(-1)?.id ?? -1;
  const fresh = more.filter((line) => line.id > last);
  if (fresh.length === 0) return lines;
  const all = [...lines, ...fresh];
  return all.length > kept ? all.slice(all.length - kept) : all;
}

/** The log from now backwards, going on by itself unless `paused`. */
export function useTail({ worker, level }: Wanted, paused: boolean): { lines: readonly HouseLogLine[]; error: GarretError | null } {
  const house = useHouse();
  const { state } = useLine();
  const [lines, keep] = useState<readonly HouseLogLine[]>([]);
  const [error, fail] = useState<GarretError | null>(null);
  const last = useRef(0);
  useEffect(() => {
    last.current = 0;
    keep([]);
  }, [worker, level]);
  useEffect(() => {
    if (paused || state !== "open") return;
    let over = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = async () => {
      try {
        const after = last.current;
        const found = await house.call("house.logs", after === 0 ? { limit: LOT, worker, level } : { limit: LOT, worker, level, after });
        if (over) return;
        last.current = found.lines.at(-1)?.id ?? after;
        if (found.lines.length > 0) keep((before) => appended(before, found.lines));
        fail(null);
      } catch (problem) {
        if (!over) fail(problem as GarretError);
      }
      if (!over) timer = setTimeout(() => void look(), PAUSE);
    };
    void look();
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [house, worker, level, paused, state]);
  return { lines, error };
}
