// Whether a microphone is open or Garret speaks, told by the jobs that do it, as their events come.

import { useEffect, useReducer } from "react";

import type { HouseJob, HouseJobChanged } from "../protocol/contracts";
import { useAsk, useEvent } from "./house";

const LIVE: Readonly<Record<string, "listening" | "speaking">> = {
  "dictate.listen": "listening",
  "speak.say": "speaking",
};

export interface Live {
  readonly listening: boolean;
  readonly speaking: boolean;
}

/** The live jobs by their ids. */
export type LiveJobs = ReadonlyMap<string, "listening" | "speaking">;

type Change = { readonly all: readonly HouseJob[] } | { readonly one: HouseJobChanged };

const alive = (state: string): boolean => state === "running";

/** The live jobs after a look at all, or an event of one. Pure. */
export function changeLive(jobs: LiveJobs, change: Change): LiveJobs {
  if ("all" in change)
    return new Map(
      change.all.flatMap((job) => {
        const kind = LIVE[job.command];
        return kind !== undefined && alive(job.state) ? [[job.id, kind] as const] : [];
      }),
    );
  const { job, command, state } = change.one;
  const kind = LIVE[command];
  if (kind === undefined || alive(state) === jobs.has(job)) return jobs;
  const next = new Map(jobs);
  if (alive(state)) next.set(job, kind);
  else next.delete(job);
  return next;
}

/** See the module. */
export function useLive(): Live {
  const running = useAsk("house.jobs", { state: "running", limit: 100 }).data;
  const [jobs, change] = useReducer(changeLive, new Map() as LiveJobs);
  useEffect(() => {
    if (running !== undefined) change({ all: running.jobs });
  }, [running]);
  useEvent("house.job_changed", (event) => change({ one: event }));
  const kinds = [...jobs.values()];
  return { listening: kinds.includes("listening"), speaking: kinds.includes("speaking") };
}
