// The one live dictation of this page: begun, stopped, cancelled. It goes on while other pages are shown.
//
// `house.ts` carries the call; `hearing.ts` makes of its items what is shown. A level comes 10 to 20 times a second,
// so it has a store of its own and re-draws the meter alone.

import type { House } from "../../frame/house";
import { GarretError } from "../../protocol/contracts";
import { hear, SILENT, type Hearing } from "./hearing";
import { Wishes } from "./wishes";
import { Store } from "./store";

export type Mode = "commands" | "plain" | "spelling";

export interface Choice {
  readonly mode: Mode;
  /** Empty: the one in the settings. */
  readonly engine: string;
}

/** How the last dictation ended. */
export interface Ended {
  readonly utterance: string;
  readonly cancelled: boolean;
  readonly note: string;
  readonly error: GarretError | null;
}

export class Dictation {
  readonly hearing = new Store<Hearing>(SILENT);
  readonly level = new Store<number | null>(null);
  readonly ended = new Store<Ended | null>(null);
  /** The command that was made words again last; empty: there was none to make words of. */
  readonly restored = new Store<{ readonly phrase: string } | null>(null);
  private running: AbortController | null = null;
  private wishes = new Wishes();
  private wantsStop = false;

  get on(): boolean {
    return this.running !== null;
  }

  /** Begin to listen; nothing while that is under way. Ends when the dictation has ended. */
  async begin(house: House, choice: Choice): Promise<void> {
    if (this.running !== null) return;
    const running = (this.running = new AbortController());
    const wishes = (this.wishes = new Wishes());
    this.wantsStop = false;
    this.ended.set(null);
    this.restored.set(null);
    this.hearing.set({ ...SILENT, phase: "starting", since: Date.now() });
    try {
      const done = await house.call("dictate.listen", command(choice), {
        signal: running.signal,
        inputs: wishes,
        onItem: (item) => {
          if (item.kind === "words") this.restored.set({ phrase: item.text });
          if (item.kind === "level") this.level.set(item.level);
          else this.hearing.set(hear(this.hearing.get(), item));
          // The microphone is open only now: what was asked before is done.
          if (this.wantsStop && item.kind === "state" && item.text === "listening") void this.stop(house);
        },
      });
      this.ended.set({ utterance: done.utterance, cancelled: false, note: done.note, error: null });
    } catch (error) {
      const problem = error instanceof GarretError ? error : new GarretError({ code: "failed", message: String(error), retryable: true, details: {} });
      const cancelled = running.signal.aborted || problem.code === "cancelled";
      this.ended.set({ utterance: String(problem.details["utterance"] ?? ""), cancelled, note: "", error: cancelled ? null : problem });
    } finally {
      wishes.end();
      this.running = null;
      this.level.set(null);
      this.hearing.set({ ...this.hearing.get(), phase: "idle" });
    }
  }

  /** End it: what was heard becomes text. Shown at once; what cannot be stopped so is cancelled. */
  async stop(house: House): Promise<void> {
    const running = this.running;
    if (running === null) return;
    const opening = this.hearing.get().phase === "starting";
    this.hearing.set({ ...this.hearing.get(), phase: "finishing" });
    this.wantsStop = true;
    try {
      await house.call("dictate.stop", {});
    } catch (error) {
      const early = opening && error instanceof GarretError && error.code === "not_found";
      if (!early && this.running === running) running.abort();
    }
  }

  /** Pause it, or go on: shown when it is so. Nothing where nothing is under way. */
  async pause(house: House): Promise<void> {
    const { phase } = this.hearing.get();
    if (phase === "listening" || phase === "paused") await house.call("dictate.pause", { paused: phase === "listening" });
  }

  /** Make the last command that was taken words of the text; asked once more, the one before it. */
  wordsAgain(): void {
    if (this.on) this.wishes.add({ as_words: true });
  }

  /** End it without its text; the sound is kept. */
  cancel(): void {
    if (this.running === null) return;
    this.hearing.set({ ...this.hearing.get(), phase: "finishing" });
    this.running.abort();
  }

  /** Begin where nothing is under way, else stop. */
  toggle(house: House, choice: Choice): void {
    void (this.on ? this.stop(house) : this.begin(house, choice));
  }
}

function command({ mode, engine }: Choice) {
  return {
    source: "microphone",
    partials: true,
    engine,
    mode: mode === "spelling" ? "spelling" : "free",
    commands: mode === "commands",
  } as const;
}

/** The page's own. */
export const dictation = new Dictation();
