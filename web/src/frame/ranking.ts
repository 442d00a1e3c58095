// How the palette finds: every word of what was typed must be found in an entry's title or its other words; what
// begins a title is before what begins a word, that before what is within, that before letters in their order. What
// was used lately comes first. Pure.

export interface Entry {
  readonly id: string;
  readonly group: "page" | "act" | "setting" | "found";
  readonly title: string;
  /** Other words that find it, and are shown beside it. */
  readonly hint?: string;
  readonly keys?: string;
  run(): void;
}

export interface Ranked {
  readonly entry: Entry;
  readonly recent: boolean;
}

/** Without case and accents, so that "uber" finds "Über". */
export const folded = (text: string): string => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

const BEGINS = 100;
const BEGINS_WORD = 80;
const WITHIN = 55;
const INITIALS = 50;
const SCATTERED = 30;
const HINT = 0.6;
const LATELY = 40;

/** How well one word is found in a text; 0: not at all. Both folded. */
export function match(word: string, text: string): number {
  const at = text.indexOf(word);
  if (at === 0) return BEGINS;
  if (at > 0 && /[^\p{L}\p{N}]/u.test(text.charAt(at - 1))) return BEGINS_WORD;
  const words = text.split(/[^\p{L}\p{N}]+/u);
  if (words.some((each) => each.startsWith(word))) return BEGINS_WORD;
  if (at > 0) return WITHIN;
  if (word.length > 1 && words.map((each) => each.charAt(0)).join("").startsWith(word)) return INITIALS;
  return word.length > 2 ? scattered(word, text) : 0;
}

/** Letters in their order, the closer together the better; nothing where they lie far apart. */
function scattered(word: string, text: string): number {
  let best = 0;
  for (let start = text.indexOf(word.charAt(0)); start >= 0; start = text.indexOf(word.charAt(0), start + 1)) {
    let at = start;
    for (const letter of word.slice(1)) {
      at = text.indexOf(letter, at + 1);
      if (at < 0) return best;
    }
    const length = at - start + 1;
    if (length <= 2 * word.length + 2) best = Math.max(best, (SCATTERED * word.length) / length);
  }
  return best;
}

/** As `match`, but no scattered letters: in a sentence they are always somewhere. */
const matchHint = (word: string, text: string): number => {
  const found = match(word, text);
  return found > SCATTERED ? HINT * found : 0;
};

function score(words: readonly string[], entry: Entry): number {
  const title = folded(entry.title);
  const hint = folded(entry.hint ?? "");
  let sum = 0;
  for (const word of words) {
    const found = Math.max(match(word, title), matchHint(word, hint));
    if (found === 0) return 0;
    sum += found;
  }
  return sum / words.length - title.length / 20;
}

const ORDER: readonly Entry["group"][] = ["page", "act", "setting", "found"];

/** The entries that are found, best first; without a word, what was used lately and then all, by their groups. */
export function rank(entries: readonly Entry[], typed: string, recent: readonly string[]): readonly Ranked[] {
  const words = folded(typed).split(/\s+/).filter((word) => word !== "");
  const lately = new Map(recent.map((id, index) => [id, index]));
  if (words.length === 0) {
    const used = entries.filter((entry) => lately.has(entry.id)).sort((a, b) => (lately.get(a.id) ?? 0) - (lately.get(b.id) ?? 0));
    const rest = ORDER.flatMap((group) => entries.filter((entry) => entry.group === group && !lately.has(entry.id)));
    return [...used.map((entry) => ({ entry, recent: true })), ...rest.map((entry) => ({ entry, recent: false }))];
  }
  return entries
    .map((entry, order) => {
      const points = score(words, entry);
      const used = lately.get(entry.id);
      return { entry, order, points, bonus: used === undefined ? 0 : LATELY / (1 + used) };
    })
    .filter((each) => each.points > 0)
    .sort((a, b) => b.points + b.bonus - (a.points + a.bonus) || a.order - b.order)
    .map(({ entry, bonus }) => ({ entry, recent: bonus > 0 }));
}

const KEPT = 8;

/** The list of what was used lately, after `id` was used. */
export const used = (recent: readonly string[], id: string): readonly string[] =>
  [id, ...recent.filter((each) => each !== id)].slice(0, KEPT);
