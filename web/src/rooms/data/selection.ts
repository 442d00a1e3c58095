// Which cells of a table are chosen: a rectangle from where it began to where it is now; and its text. Pure.

import type { Cells } from "./rows";

export interface Cell {
  readonly row: number;
  readonly column: number;
}

export interface Selection {
  readonly from: Cell;
  /** The cell that has the focus. */
  readonly to: Cell;
}

export interface Bounds {
  readonly rows: number;
  readonly columns: number;
}

export const FIRST: Selection = { from: { row: 0, column: 0 }, to: { row: 0, column: 0 } };

export interface Rectangle {
  readonly top: number;
  readonly bottom: number;
  readonly start: number;
  readonly end: number;
}

export const rectangle = ({ from, to }: Selection): Rectangle => ({
  top: Math.min(from.row, to.row),
  bottom: Math.max(from.row, to.row),
  start: Math.min(from.column, to.column),
  end: Math.max(from.column, to.column),
});

export const holds = ({ top, bottom, start, end }: Rectangle, row: number, column: number): boolean =>
  row >= top && row <= bottom && column >= start && column <= end;

export interface Press {
  readonly key: string;
  readonly shiftKey: boolean;
  readonly ctrlKey: boolean;
}

/** Where a key leads to; null: it is no key of a table. `page` is how many rows are seen. */
export function moved(selection: Selection, { key, shiftKey, ctrlKey }: Press, { rows, columns }: Bounds, page: number): Selection | null {
  const { row, column } = selection.to;
  if (ctrlKey && key.toLowerCase() === "a") return { from: { row: 0, column: 0 }, to: { row: rows - 1, column: columns - 1 } };
  const next: Readonly<Record<string, Cell>> = {
    ArrowDown: { row: ctrlKey ? rows - 1 : row + 1, column },
    ArrowUp: { row: ctrlKey ? 0 : row - 1, column },
    ArrowRight: { row, column: ctrlKey ? columns - 1 : column + 1 },
    ArrowLeft: { row, column: ctrlKey ? 0 : column - 1 },
    PageDown: { row: row + page, column },
    PageUp: { row: row - page, column },
    Home: { row: ctrlKey ? 0 : row, column: 0 },
    End: { row: ctrlKey ? rows - 1 : row, column: columns - 1 },
  };
  const to = next[key];
  if (to === undefined) return null;
  const fit = (value: number, most: number) => Math.max(0, Math.min(most - 1, value));
  const there = { row: fit(to.row, rows), column: fit(to.column, columns) };
  return { from: shiftKey ? selection.from : there, to: there };
}

/** A cell as text: empty where there is nothing. */
export const textOf = (cell: unknown): string => (cell === null || cell === undefined ? "" : String(cell));

const quoted = (text: string): string => (/["\t\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** Rows as tab-separated text, as spreadsheets take it: what holds tabs, breaks or quotes is quoted. */
export const asTsv = (rows: readonly Cells[], columns: readonly number[], heads: readonly string[] = []): string =>
  [...(heads.length > 0 ? [heads.map(quoted).join("\t")] : []), ...rows.map((cells) => columns.map((at) => quoted(textOf(cells[at]))).join("\t"))].join("\n");
