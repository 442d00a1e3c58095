// Words and replacements from a file: CSV (RFC 4180; comma, semicolon or tab), or plain text with a word a line, or
// `heard = written`. Pure; what cannot be taken is told with its line, and the rest is taken.

export interface Entry {
  readonly heard: string;
  readonly written: string;
}

export interface Skipped {
  readonly line: number;
  readonly text: string;
  readonly why: "empty" | "long" | "twice";
}

export interface Parsed {
  readonly entries: readonly Entry[];
  readonly skipped: readonly Skipped[];
}

const LONGEST = 12; // words that are heard: the room's own limit
const HEADINGS = new Set(["heard", "spoken", "said", "phrase", "word", "from", "gehört", "gesprochen", "wort"]);

/** What a text holds. A line with one field is a word that is written as it stands. */
export function parse(text: string): Parsed {
  const lines = text.replace(/^\uFEFF/, "").split(/\r\n|\r|\n/);
  const mark = separator(lines);
  const entries = new Map<string, Entry>();
  const skipped: Skipped[] = [];
  for (const [number, fields, whole] of rows(text.replace(/^\uFEFF/, ""), mark)) {
    const [heard = "", written = heard] = fields.map((field) => field.trim());
    if (heard === "" && written === "") continue;
    if (number === 1 && fields.length > 1 && HEADINGS.has(heard.toLowerCase())) continue;
    const key = keyOf(heard);
    const known = entries.get(key);
    if (key === "" || written === "") skipped.push({ line: number, text: whole, why: "empty" });
    else if (key.split(" ").length > LONGEST) skipped.push({ line: number, text: whole, why: "long" });
    else if (known !== undefined && known.written !== written) skipped.push({ line: number, text: whole, why: "twice" });
    else if (known === undefined) entries.set(key, { heard: heard.toLowerCase(), written });
  }
  return { entries: [...entries.values()], skipped };
}

/** By which two entries are the same: letters and digits, whatever their case. */
export const keyOf = (heard: string): string => (heard.toLowerCase().match(/[\p{L}\p{N}']+/gu) ?? []).join(" ");

/** The sign that parts fields: the one that most lines have, `=` among them. */
function separator(lines: readonly string[]): string {
  const counts = ["\t", ";", ",", "="].map((mark) => ({ mark, count: lines.filter((line) => line.includes(mark)).length }));
  const best = counts.reduce((a, b) => (b.count > a.count ? b : a));
  return best.count === 0 ? "\t" : best.mark;
}

/** Rows with the number of their first line, their fields, and as they stand. */
function* rows(text: string, mark: string): Generator<readonly [number, readonly string[], string]> {
  let [line, first, whole, field] = [1, 1, "", ""];
  let fields: string[] = [];
  let quoted = false;
  for (let index = 0; index <= text.length; index += 1) {
    const sign = text[index];
    if (quoted && sign !== undefined) {
      if (sign === '"' && text[index + 1] === '"') {
        field += '"';
        index += 1;
      } else if (sign === '"') quoted = false;
      else field += sign;
      if (sign === "\n") line += 1;
      whole += sign;
    } else if (sign === undefined || sign === "\n" || sign === "\r") {
      if (sign === "\r" && text[index + 1] === "\n") index += 1;
      yield [first, [...fields, field], whole.trim()];
      line += 1;
      [first, whole, field, fields] = [line, "", "", []];
    } else {
      whole += sign;
      if (sign === '"' && field.trim() === "") [quoted, field] = [true, ""];
      else if (sign === mark) [fields, field] = [[...fields, field], ""];
      else field += sign;
    }
  }
}

export interface Merge {
  readonly words: Readonly<Record<string, string>>;
  readonly added: number;
  readonly changed: number;
  readonly same: number;
}

/** A vocabulary with entries taken in; what is there under another spelling of the same words is replaced. */
export function merge(words: Readonly<Record<string, string>>, entries: readonly Entry[]): Merge {
  const next = new Map(Object.entries(words));
  const names = new Map(Object.keys(words).map((heard) => [keyOf(heard), heard]));
  let [added, changed, same] = [0, 0, 0];
  for (const { heard, written } of entries) {
    const known = names.get(keyOf(heard));
    if (known === undefined) {
      next.set(heard, written);
      added += 1;
    } else if (next.get(known) === written) same += 1;
    else {
      next.set(known, written);
      changed += 1;
    }
  }
  return { words: Object.fromEntries(next), added, changed, same };
}

/** A vocabulary as CSV, that `parse` reads back. */
export function asCsv(words: Readonly<Record<string, string>>): string {
  const field = (text: string) => (/[",\n\r]/.test(text) || text !== text.trim() ? `"${text.replaceAll('"', '""')}"` : text);
  return ["heard,written", ...Object.entries(words).map(([heard, written]) => `${field(heard)},${field(written)}`)].join("\n") + "\n";
}
