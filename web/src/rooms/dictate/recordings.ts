// Recordings on their way to text: taken in, heard, done; two at a time, each with its progress and a cancel.
//
// A recording that was taken in is kept, whatever becomes of the rest. The list goes on while other pages are shown.

import { useSyncExternalStore } from "react";

import type { House } from "../../frame/house";
import { GarretError } from "../../protocol/contracts";

export type Stage = "waiting" | "sending" | "hearing" | "done" | "failed" | "cancelled";

export interface Recording {
  readonly id: number;
  readonly name: string;
  readonly bytes: number;
  readonly stage: Stage;
  /** Of the hearing, 0 to 1. */
  readonly fraction: number;
  readonly utterance: string;
  readonly problem: string;
}

interface Held {
  recording: Recording;
  readonly file: File;
  readonly ended: AbortController;
}

const AT_ONCE = 2;
const OVER: readonly Stage[] = ["done", "failed", "cancelled"];

export const isOver = (stage: Stage): boolean => OVER.includes(stage);

export class Recordings {
  private readonly held: Held[] = [];
  private readonly listeners = new Set<() => void>();
  private snapshot: readonly Recording[] = [];
  private next = 0;
  private working = 0;

  readonly listen = (changed: () => void): (() => void) => {
    this.listeners.add(changed);
    return () => this.listeners.delete(changed);
  };

  /** In the order in which they were given; the same array until something changes. */
  readonly all = (): readonly Recording[] => this.snapshot;

  /** Take files on; they are worked on in this order. */
  add(house: House, files: readonly File[], engine: string): void {
    for (const file of files)
      this.held.push({
        recording: { id: ++this.next, name: file.name, bytes: file.size, stage: "waiting", fraction: 0, utterance: "", problem: "" },
        file,
        ended: new AbortController(),
      });
    this.changed();
    this.begin(house, engine);
  }

  /** End one; what was taken in stays. */
  cancel(id: number): void {
    const held = this.held.find((each) => each.recording.id === id);
    if (held === undefined || isOver(held.recording.stage)) return;
    held.ended.abort();
    this.change(held, { stage: "cancelled" });
  }

  cancelAll(): void {
    for (const { recording } of this.held) this.cancel(recording.id);
  }

  /** Begin one again that failed or was cancelled. */
  retry(house: House, id: number, engine: string): void {
    const held = this.held.find((each) => each.recording.id === id);
    if (held === undefined || !isOver(held.recording.stage)) return;
    this.held.splice(this.held.indexOf(held), 1);
    if (held.recording.utterance === "") this.add(house, [held.file], engine);
    else {
      const again: Held = { ...held, ended: new AbortController(), recording: { ...held.recording, stage: "waiting", fraction: 0, problem: "" } };
      this.held.push(again);
      this.changed();
      this.begin(house, engine);
    }
  }

  /** Forget those that are over. */
  tidy(): void {
    this.held.splice(0, this.held.length, ...this.held.filter((each) => !isOver(each.recording.stage)));
    this.changed();
  }

  private begin(house: House, engine: string): void {
    while (this.working < AT_ONCE) {
      const held = this.held.find((each) => each.recording.stage === "waiting");
      if (held === undefined) return;
      this.working += 1;
      this.change(held, { stage: "sending" });
      void this.work(house, held, engine).finally(() => {
        this.working -= 1;
        this.begin(house, engine);
      });
    }
  }

  private async work(house: House, held: Held, engine: string): Promise<void> {
    const { signal } = held.ended;
    try {
      let { utterance } = held.recording;
      if (utterance === "") {
        const taken = await house.withFiles("dictate.import", { name: held.file.name }, [held.file], { signal });
        utterance = taken.result.utterance;
      }
      if (signal.aborted) return;
      this.change(held, { stage: "hearing", utterance });
      await house.call("dictate.transcribe", { utterance, key: `page-${crypto.randomUUID()}`, engine }, {
        signal,
        onProgress: ({ fraction }) => this.change(held, { fraction }),
      });
      this.change(held, { stage: "done", fraction: 1 });
    } catch (error) {
      if (signal.aborted) return;
      // Of what is no sound nothing is kept: then there is nothing to hear again either.
      const gone = error instanceof GarretError && error.code === "invalid" ? { utterance: "" } : {};
      this.change(held, { ...gone, stage: "failed", problem: error instanceof Error ? error.message : String(error) });
    }
  }

  private change(held: Held, change: Partial<Recording>): void {
    if (held.recording.stage === "cancelled") return;
    held.recording = { ...held.recording, ...change };
    this.changed();
  }

  private changed(): void {
    this.snapshot = this.held.map((each) => each.recording);
    for (const hear of this.listeners) hear();
  }
}

/** The page's own. */
export const recordings = new Recordings();

export const useRecordings = (): readonly Recording[] => useSyncExternalStore(recordings.listen, recordings.all);
