// What the page says in passing: one line and at most one action each, and a log of all of them.
//
//   toasts.say(t("saved"));
//   toasts.undoable(t("deleted"), () => restore(), { settled: () => forget() });
//   toasts.failed(error.message);
//
// What can be taken back is done at once and said so with Undo, for at least 8 s; Ctrl+Z takes back the last.
// A toast waits while pointer or focus is on it, and its undo with it. Pure but for the timers; `ToastStack.tsx` shows them.

export type Tone = "plain" | "good" | "bad";

export interface ToastAction {
  readonly title: string;
  readonly run: () => void;
}

export interface Toast {
  readonly id: number;
  readonly text: string;
  readonly tone: Tone;
  readonly action: ToastAction | null;
  /** Takes back what the toast tells of. */
  readonly undo: (() => void | Promise<void>) | null;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** What was said, with what came of it. */
export interface Said {
  readonly id: number;
  readonly text: string;
  readonly tone: Tone;
  readonly at: number;
  readonly undone: boolean;
}

export interface ToastOptions {
  readonly tone?: Tone;
  readonly action?: ToastAction;
  readonly seconds?: number;
}

export interface UndoOptions {
  /** How long it can be taken back; not less than 8. */
  readonly seconds?: number;
  /** Called once when it cannot be taken back any more. */
  readonly settled?: () => void;
}

export const UNDO_SECONDS = 10;
const LEAST_UNDO = 8;
const PLAIN_SECONDS = 5;
const BAD_SECONDS = 12;
/** After pointer or focus left, it stays at least so long. */
const LEAST_REST = 2;
const SHOWN = 4;
const LOGGED = 200;

interface Live {
  readonly toast: Toast;
  readonly settled: (() => void) | undefined;
  timer: ReturnType<typeof setTimeout> | undefined;
  ends: number;
  holds: number;
}

export class Toasts {
  private readonly live: Live[] = [];
  private readonly listeners = new Set<() => void>();
  private next = 0;
  private snapshot: { readonly shown: readonly Toast[]; readonly log: readonly Said[] } = { shown: [], log: [] };

  readonly listen = (changed: () => void): (() => void) => {
    this.listeners.add(changed);
    return () => this.listeners.delete(changed);
  };

  /** What is shown, oldest first, and the log, newest first; the same object until something changes. */
  readonly state = () => this.snapshot;

  say(text: string, options: ToastOptions = {}): number {
    const tone = options.tone ?? "plain";
    return this.add(text, tone, options.seconds ?? (tone === "bad" ? BAD_SECONDS : PLAIN_SECONDS), options.action ?? null, null);
  }

  failed(text: string, action?: ToastAction): number {
    return this.say(text, { tone: "bad", ...(action === undefined ? {} : { action }) });
  }

  /** Say that something was done that `undo` takes back. */
  undoable(text: string, undo: () => void | Promise<void>, options: UndoOptions = {}): number {
    const seconds = Math.max(LEAST_UNDO, options.seconds ?? UNDO_SECONDS);
    return this.add(text, "plain", seconds, null, undo, options.settled);
  }

  /** Take back what a toast tells of; without one, the last that can be. Whether there was one. */
  undo(id?: number): boolean {
    const found = this.live.findLast((each) => each.toast.undo !== null && (id === undefined || each.toast.id === id));
    if (found === undefined) return false;
    this.remove(found);
    this.log(found.toast.id, { undone: true });
    this.changed();
    void this.takeBack(found);
    return true;
  }

  act(id: number): void {
    const found = this.live.find((each) => each.toast.id === id);
    if (found === undefined) return;
    this.dismiss(id);
    found.toast.action?.run();
  }

  dismiss(id: number): void {
    const found = this.live.find((each) => each.toast.id === id);
    if (found === undefined) return;
    this.remove(found);
    found.settled?.();
    this.changed();
  }

  /** Pointer or focus came: it stays until `release`. */
  hold(id: number): void {
    const found = this.live.find((each) => each.toast.id === id);
    if (found === undefined) return;
    found.holds += 1;
    clearTimeout(found.timer);
    found.timer = undefined;
  }

  release(id: number): void {
    const found = this.live.find((each) => each.toast.id === id);
    if (found === undefined || found.holds === 0) return;
    found.holds -= 1;
    if (found.holds === 0) this.arm(found, Math.max(found.ends - Date.now(), 1000 * LEAST_REST));
  }

  private add(
    text: string,
    tone: Tone,
    seconds: number,
    action: ToastAction | null,
    undo: Toast["undo"],
    settled?: () => void,
  ): number {
    const toast: Toast = { id: ++this.next, text, tone, action, undo, at: Date.now() };
    const live: Live = { toast, settled, timer: undefined, ends: Date.now() + 1000 * seconds, holds: 0 };
    this.live.push(live);
    this.arm(live, 1000 * seconds);
    const log = [{ id: toast.id, text, tone, at: toast.at, undone: false }, ...this.snapshot.log].slice(0, LOGGED);
    this.snapshot = { ...this.snapshot, log };
    const passing = this.live.filter((each) => each.toast.undo === null && each.holds === 0 && each !== live);
    while (this.live.length > SHOWN && passing.length > 0) this.remove(passing.shift() as Live);
    this.changed();
    return toast.id;
  }

  private arm(live: Live, milliseconds: number): void {
    clearTimeout(live.timer);
    live.timer = setTimeout(() => this.dismiss(live.toast.id), milliseconds);
  }

  private remove(live: Live): void {
    clearTimeout(live.timer);
    const at = this.live.indexOf(live);
    if (at >= 0) this.live.splice(at, 1);
  }

  private async takeBack(live: Live): Promise<void> {
    try {
      await live.toast.undo?.();
    } catch (error) {
      this.log(live.toast.id, { undone: false });
      this.failed(error instanceof Error ? error.message : String(error));
    }
  }

  private log(id: number, change: Partial<Said>): void {
    const log = this.snapshot.log.map((said) => (said.id === id ? { ...said, ...change } : said));
    this.snapshot = { ...this.snapshot, log };
  }

  private changed(): void {
    this.snapshot = { ...this.snapshot, shown: this.live.map((each) => each.toast) };
    for (const hear of this.listeners) hear();
  }
}

/** The page's own. */
export const toasts = new Toasts();
