// The tests a row is kept by, as people choose them. Pure.

import type { DataFilterInput, DataResultColumn } from "../../protocol/contracts";

export type Test = DataFilterInput["test"];

const ORDERED = new Set(["integer", "decimal", "real", "date", "time", "timestamp"]);

/** The tests that make sense for a column, the likeliest first. */
export const testsFor = (column: Pick<DataResultColumn, "kind">): readonly Test[] =>
  ORDERED.has(column.kind) ? ["at_least", "at_most", "is", "is_not", "missing", "present"] : ["contains", "is", "is_not", "at_least", "at_most", "missing", "present"];

export const needsValue = (test: Test): boolean => test !== "missing" && test !== "present";

/** One more filter; one that says the same is not said twice. */
export function withFilter(filters: readonly DataFilterInput[], filter: DataFilterInput): readonly DataFilterInput[] {
  const same = (other: DataFilterInput) => other.column === filter.column && other.test === filter.test && (other.value ?? "") === (filter.value ?? "");
  return filters.some(same) ? filters : [...filters, filter];
}
