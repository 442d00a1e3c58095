// A live dictation as its items come: text that may still change settles into what was heard. Pure.

import type { DictateDictationItem } from "../../protocol/contracts";

export type Phase = "idle" | "starting" | "listening" | "paused" | "finishing";

export interface Segment {
  readonly number: number;
  readonly start: number;
  readonly text: string;
  readonly settled: boolean;
}

export interface Hearing {
  readonly phase: Phase;
  /** In the order in which they were said. */
  readonly segments: readonly Segment[];
  /** dBFS of the microphone; null: nothing was told yet. */
  readonly level: number | null;
  /** Spoken commands that were carried out, the last one last; eight at most. */
  readonly commands: readonly string[];
  /** Capitals are on. */
  readonly capitals: boolean;
  /** Milliseconds since 1970 when it began. */
  readonly since: number;
}

export const SILENT: Hearing = { phase: "idle", segments: [], level: null, commands: [], capitals: false, since: 0 };

const COMMANDS = 8;

/** What is known after one more item. */
export function hear(before: Hearing, item: DictateDictationItem): Hearing {
  switch (item.kind) {
    case "level":
      return { ...before, level: item.level };
    case "state":
      return { ...before, phase: phaseAfter(before.phase, item.text) };
    case "partial":
    case "final":
      return { ...before, segments: withText(before.segments, item) };
    case "command":
      return { ...before, commands: [...before.commands, item.text].slice(-COMMANDS) };
    case "words":
      return { ...before, commands: without(before.commands, item.text) };
    case "mode":
      return { ...before, capitals: item.text === "capitals" };
    default:
      return before;
  }
}

/** What is told of a dictation that is about to end changes nothing any more. */
function phaseAfter(phase: Phase, told: string): Phase {
  if (phase === "idle" || phase === "finishing") return phase;
  return told === "listening" || told === "paused" ? told : phase;
}

/** A command that is words again is none any more: the last that was taken so. */
function without(commands: readonly string[], text: string): readonly string[] {
  const at = commands.lastIndexOf(text);
  return at < 0 ? commands : commands.toSpliced(at, 1);
}

function withText(segments: readonly Segment[], item: DictateDictationItem): readonly Segment[] {
  const known = segments.find((each) => each.number === item.segment);
  const settled = item.kind === "final";
  if (known?.settled === true && !settled) return segments; // a partial that was overtaken
  const next = { number: item.segment, start: settled ? item.start : (known?.start ?? Infinity), text: item.text, settled };
  return [...segments.filter((each) => each.number !== item.segment), next].sort((a, b) => a.start - b.start || a.number - b.number);
}

/** What is settled, and what may still change. */
export function textOf(hearing: Hearing): { readonly settled: string; readonly partial: string } {
  const join = (settled: boolean) =>
    hearing.segments.filter((each) => each.settled === settled && each.text !== "").map((each) => each.text).join(" ");
  return { settled: join(true), partial: join(false) };
}

const QUIETEST = -60; // dBFS that the meter shows as nothing

/** The share of the meter that a level fills. */
export const share = (level: number | null): number => (level === null ? 0 : Math.min(1, Math.max(0, 1 - level / QUIETEST)));
