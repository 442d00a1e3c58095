// What is being asked in this window: the draft that is looked at, its run, the answer. It goes on while other pages
// are shown, and there is one: a new question takes the place of the one before, whose run is ended.

import type { House } from "../../frame/house";
import { Store } from "../../frame/store";
import { GarretError, type DataAlternative, type DataDraft, type DataFetched, type DataNormalizedResult } from "../../protocol/contracts";
import { runAgain, runDraft, type Following } from "./runs";

/** A run that is under way. */
export interface Running {
  /** Milliseconds since 1970. */
  readonly since: number;
  readonly fetched: DataFetched | null;
  /** Where it waits for a consent; empty: it does not. */
  readonly waits: string;
}

/** An answer, with the question that it answers. */
export interface Answer {
  readonly head: DataNormalizedResult;
  readonly question: string;
  /** When it came, by `performance.now()`: from here the time to draw it counts. */
  readonly came: number;
}

export interface Asked {
  /** What is being read; empty: nothing. */
  readonly reading: string;
  readonly draft: DataDraft | null;
  readonly running: Running | null;
  readonly answer: Answer | null;
  /** Why there is no draft, or no answer. */
  readonly error: GarretError | null;
}

export const NOTHING: Asked = { reading: "", draft: null, running: null, answer: null, error: null };

export interface Question {
  readonly source: string;
  readonly text?: string;
  readonly query?: string;
  /** Goes on from this draft. */
  readonly previous?: string;
}

const asGarret = (error: unknown): GarretError =>
  error instanceof GarretError ? error : new GarretError({ code: "failed", message: error instanceof Error ? error.message : String(error), retryable: true, details: {} });

export class Asking {
  readonly state = new Store<Asked>(NOTHING);
  private ended: AbortController | null = null;

  private change(change: Partial<Asked>): void {
    this.state.set({ ...this.state.get(), ...change });
  }

  /** Have a question read, or a query looked at; nothing is run. */
  async draft(house: House, question: Question): Promise<void> {
    const ended = this.begin();
    this.change({ reading: question.text || question.query || "", error: null, running: null });
    try {
      const draft = await house.call(
        "data.draft",
        { source: question.source, question: question.text ?? "", query: question.query ?? "", previous: question.previous ?? "" },
        { signal: ended.signal },
      );
      if (this.ended === ended) this.change({ reading: "", draft, answer: null });
    } catch (error) {
      if (this.ended === ended) this.change({ reading: "", draft: null, error: ended.signal.aborted ? null : asGarret(error) });
    }
  }

  /** Take another reading of the question: that becomes the draft. */
  async choose(house: House, draft: DataDraft, alternative: DataAlternative): Promise<void> {
    await this.draft(house, { source: draft.source, query: alternative.query, previous: draft.id });
  }

  /** Run the draft: whoever calls this was told by a person, who saw it. */
  run(house: House, mayGrant: boolean): Promise<void> {
    const { draft } = this.state.get();
    if (draft === null || draft.checked === null) return Promise.resolve();
    return this.follow(draft.id, mayGrant, (following) => runDraft(house, draft, following));
  }

  /** Run a trusted question of the history again. */
  rerun(house: House, question: string): Promise<void> {
    this.change({ draft: null });
    return this.follow(question, false, (following) => runAgain(house, question, following));
  }

  /** Show an answer that is still here. */
  async open(house: House, question: string, result: string): Promise<void> {
    const ended = this.begin();
    try {
      const head = await house.call("data.result", { result }, { signal: ended.signal });
      if (this.ended === ended) this.state.set({ ...NOTHING, answer: { head, question, came: performance.now() } });
    } catch (error) {
      if (this.ended === ended) this.state.set({ ...NOTHING, error: asGarret(error) });
    }
  }

  /** End what is under way; what was shown before stays. */
  cancel(): void {
    this.ended?.abort();
  }

  /** Begin anew. */
  clear(): void {
    this.begin();
    this.state.set(NOTHING);
  }

  private begin(): AbortController {
    this.ended?.abort();
    return (this.ended = new AbortController());
  }

  private async follow(question: string, mayGrant: boolean, run: (following: Following) => Promise<DataNormalizedResult>): Promise<void> {
    const ended = this.begin();
    const running = (change: Partial<Running>) => {
      const now = this.state.get().running;
      if (this.ended === ended && now !== null) this.change({ running: { ...now, ...change } });
    };
    this.change({ running: { since: Date.now(), fetched: null, waits: "" }, answer: null, error: null });
    try {
      const head = await run({ signal: ended.signal, mayGrant, fetched: (fetched) => running({ fetched, waits: "" }), waiting: (waits) => running({ waits }) });
      if (this.ended === ended) this.change({ running: null, answer: { head, question, came: performance.now() } });
    } catch (error) {
      if (this.ended === ended) this.change({ running: null, error: ended.signal.aborted ? null : asGarret(error) });
    }
  }
}

/** The page's own. */
export const asking = new Asking();
