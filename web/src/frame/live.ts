// Whether a microphone is open, a dictation is paused or Garret speaks: told by the jobs that do it and by pauses, as
// their events come.

import { useEffect, useReducer, useState } from "react";

import type { HouseJob, HouseJobChanged } from "../protocol/contracts";
import { useAsk, useEvent } from "./house";

/** The job of a live dictation ends as its utterance does. */
const jobOf = (utterance: string) => `job_${utterance.slice(utterance.indexOf("_") + 1)}`;

const LIVE: Readonly<Record<string, "listening" | "speaking">> = {
  "dictate.listen": "listening",
  "speak.say": "speaking",
};

export interface Live {
  readonly listening: boolean;
  /** Every dictation under way is paused: no microphone is open. */
  readonly paused: boolean;
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
  const [paused, pause] = useState<ReadonlySet<string>>(new Set());
  useEvent("dictate.paused", (event) =>
    pause((before) => {
      const after = new Set(before);
      if (event.paused) after.add(jobOf(event.utterance));
      else after.delete(jobOf(event.utterance));
      return after;
    }),
  );
  const dictations = [...jobs].flatMap(([job, kind]) => (kind === "listening" ? [job] : []));
  const resting = dictations.length > 0 && dictations.every((job) => paused.has(job));
  return { listening: dictations.length > 0 && !resting, paused: resting, speaking: [...jobs.values()].includes("speaking") };
}
