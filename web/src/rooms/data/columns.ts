// How the columns of a table stand: which first, how wide, where. Pure.

import type { DataResultColumn } from "../../protocol/contracts";
import { textOf } from "./selection";
import type { Cells } from "./rows";

const FIGURES = new Set(["integer", "decimal", "real"]);
const NARROWEST = 5; // rem
const WIDEST = 22;
const LETTER = 0.52; // rem that a letter takes

export const isFigure = (column: Pick<DataResultColumn, "kind">): boolean => FIGURES.has(column.kind);

/** A column as it stands: `at` is its place in the result, `start` its distance from the edge in pixels. */
export interface Standing {
  readonly at: number;
  readonly column: DataResultColumn;
  readonly width: number;
  readonly start: number;
  readonly pinned: boolean;
}

/** How wide each column is, in rem, by its name and the first rows. */
export const widths = (columns: readonly DataResultColumn[], sample: readonly Cells[]): readonly number[] =>
  columns.map((column, at) => {
    const longest = Math.max(column.name.length + 5, ...sample.map((cells) => textOf(cells[at]).length + 2));
    return Math.min(WIDEST, Math.max(NARROWEST, LETTER * longest + 1));
  });

/** All columns in the order in which they stand: the pinned ones first. */
export function standing(columns: readonly DataResultColumn[], wide: readonly number[], pinned: readonly string[], rem: number): readonly Standing[] {
  const held = new Set(pinned);
  const order = [...columns.keys()].sort((a, b) => Number(held.has(columns[b]?.name ?? "")) - Number(held.has(columns[a]?.name ?? "")) || a - b);
  let start = 0;
  return order.map((at) => {
    const column = columns[at] as DataResultColumn;
    const width = Math.round((wide[at] ?? NARROWEST) * rem);
    const here = { at, column, width, start, pinned: held.has(column.name) };
    start += width;
    return here;
  });
}
