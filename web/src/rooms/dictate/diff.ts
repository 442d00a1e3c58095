// What became of words: the shortest way from one text to another, word by word (Myers 1986, An O(ND) difference
// algorithm). Pure. `follow.ts` sets times beside words with it, the cards show what clean-up changed.

export type Step =
  | { readonly kind: "same"; readonly old: number; readonly now: number }
  | { readonly kind: "gone"; readonly old: number }
  | { readonly kind: "new"; readonly now: number };

/** Changes beyond this many are told as all gone and all new: nobody reads them word by word. */
const MOST = 1_500;

/** The steps from `old` to `now`, in order; `alike` says which count as the same. */
export function steps(
  old: readonly string[],
  now: readonly string[],
  alike: (one: string, other: string) => boolean = (one, other) => one === other,
): Step[] {
  let first = 0;
  const least = Math.min(old.length, now.length);
  while (first < least && alike(old[first] as string, now[first] as string)) first += 1;
  let last = 0;
  while (last < least - first && alike(old[old.length - 1 - last] as string, now[now.length - 1 - last] as string)) last += 1;
  const found: Step[] = [];
  for (let at = 0; at < first; at += 1) found.push({ kind: "same", old: at, now: at });
  for (const step of middle(old.slice(first, old.length - last), now.slice(first, now.length - last), alike))
    found.push(shifted(step, first));
  for (let at = last; at > 0; at -= 1) found.push({ kind: "same", old: old.length - at, now: now.length - at });
  return found;
}

function shifted(step: Step, by: number): Step {
  if (step.kind === "same") return { kind: "same", old: step.old + by, now: step.now + by };
  return step.kind === "gone" ? { kind: "gone", old: step.old + by } : { kind: "new", now: step.now + by };
}

function middle(old: readonly string[], now: readonly string[], alike: (one: string, other: string) => boolean): Step[] {
  const trace: Int32Array[] = [];
  const most = Math.min(old.length + now.length, MOST);
  const reach = new Int32Array(2 * most + 3);
  const centre = most + 1;
  for (let edits = 0; edits <= most; edits += 1) {
    for (let line = -edits; line <= edits; line += 2) {
      const down = line === -edits || (line !== edits && at(reach, centre + line - 1) < at(reach, centre + line + 1));
      let x = down ? at(reach, centre + line + 1) : at(reach, centre + line - 1) + 1;
      while (x < old.length && x - line < now.length && alike(old[x] as string, now[x - line] as string)) x += 1;
      reach[centre + line] = x;
      if (x >= old.length && x - line >= now.length) return walkBack(trace, old.length, now.length, centre, edits);
    }
    trace.push(reach.slice());
  }
  return [
    ...old.map((_, index): Step => ({ kind: "gone", old: index })),
    ...now.map((_, index): Step => ({ kind: "new", now: index })),
  ];
}

const at = (reach: Int32Array, index: number): number => reach[index] ?? 0;

function walkBack(trace: readonly Int32Array[], olds: number, nows: number, centre: number, edits: number): Step[] {
  const found: Step[] = [];
  let [x, y] = [olds, nows];
  for (let left = edits; left > 0; left -= 1) {
    const reach = trace[left - 1] as Int32Array;
    const line = x - y;
    const down = line === -left || (line !== left && at(reach, centre + line - 1) < at(reach, centre + line + 1));
    const before = down ? line + 1 : line - 1;
    const [px, py] = [at(reach, centre + before), at(reach, centre + before) - before];
    while (x > px && y > py) {
      x -= 1;
      y -= 1;
      found.push({ kind: "same", old: x, now: y });
    }
    found.push(down ? { kind: "new", now: py } : { kind: "gone", old: px });
    [x, y] = [px, py];
  }
  while (x > 0 && y > 0) {
    x -= 1;
    y -= 1;
    found.push({ kind: "same", old: x, now: y });
  }
  return found.reverse();
}

export interface Piece {
  readonly kind: "same" | "gone" | "new";
  readonly text: string;
}

/** Words with the white space after each. */
export const words = (text: string): string[] => text.match(/\S+\s*/g) ?? [];

/** A text and what it became, as pieces to show: neighbours of one kind are one piece. */
export function pieces(old: string, now: string): Piece[] {
  const [before, after] = [words(old), words(now)];
  const found: { kind: Piece["kind"]; text: string }[] = [];
  for (const step of steps(before.map((word) => word.trim()), after.map((word) => word.trim()))) {
    const text = (step.kind === "gone" ? before[step.old] : after[step.now]) ?? "";
    const last = found.at(-1);
    if (last?.kind === step.kind) last.text += text;
    else found.push({ kind: step.kind, text });
  }
  for (const piece of found) if (!/\s$/.test(piece.text)) piece.text += " ";
  return found;
}
