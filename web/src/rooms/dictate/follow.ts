// The words of a text with their times: what the player lights up as it goes, and jumps to.
//
// An engine tells times for what it heard; a text was cleaned, and maybe corrected. Words that both have keep their
// times, others share the time between their neighbours. Times never go back. Pure.

import type { DictateTranscriptSegment } from "../../protocol/contracts";
import { steps } from "./diff";

export interface TimedWord {
  readonly text: string;
  /** White space after it, line breaks included. */
  readonly space: string;
  /** Seconds from the start of the sound. */
  readonly start: number;
  readonly end: number;
}

const plain = (word: string): string => word.normalize("NFKD").replace(/[^\p{L}\p{N}]/gu, "").toLowerCase();

interface Heard {
  readonly word: string;
  readonly start: number;
  readonly end: number;
}

function heardIn(segments: readonly DictateTranscriptSegment[]): Heard[] {
  return segments.flatMap((segment) => {
    const gone = new Set(segment.gone.flatMap(([first, count]) => Array.from({ length: count }, (_, index) => first + index)));
    return segment.words.filter((_, index) => !gone.has(index));
  });
}

/** The words of `text`, which is of these segments, each with its time. */
export function follow(text: string, segments: readonly DictateTranscriptSegment[]): TimedWord[] {
  const parts = [...text.matchAll(/(\S+)(\s*)/g)].map((found) => ({ text: found[1] ?? "", space: found[2] ?? "" }));
  const heard = heardIn(segments);
  const begin = segments[0]?.start ?? 0;
  const end = segments.at(-1)?.end ?? begin;
  const known = new Map<number, Heard>();
  for (const step of steps(heard.map((each) => plain(each.word)), parts.map((part) => plain(part.text))))
    if (step.kind === "same") known.set(step.now, heard[step.old] as Heard);
  return spread(parts, known, begin, end);
}

function spread(
  parts: readonly { readonly text: string; readonly space: string }[],
  known: ReadonlyMap<number, Heard>,
  begin: number,
  end: number,
): TimedWord[] {
  const found: TimedWord[] = [];
  let from = begin;
  let index = 0;
  while (index < parts.length) {
    const here = known.get(index);
    if (here !== undefined) {
      const start = Math.max(from, here.start);
      from = Math.max(start, here.end);
      found.push({ ...(parts[index] as TimedWord), start, end: from });
      index += 1;
      continue;
    }
    let after = index;
    while (after < parts.length && !known.has(after)) after += 1;
    const until = Math.max(from, known.get(after)?.start ?? end);
    const each = (until - from) / (after - index);
    for (; index < after; index += 1) {
      found.push({ ...(parts[index] as TimedWord), start: from, end: from + each });
      from += each;
    }
  }
  return found;
}

/** The place of the word that is said at a moment, or was last; -1 before the first. */
export function wordAt(words: readonly TimedWord[], seconds: number): number {
  let [low, high] = [0, words.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((words[middle] as TimedWord).start <= seconds) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
