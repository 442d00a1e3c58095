// Questions that fit what a person's own source holds: made from its tables and columns, shown where nothing is asked.
//
// They are in English, which the grammar reads whatever language the page speaks. No value of a private column is in
// one. Pure.

import type { DataColumn, DataTable } from "../../protocol/contracts";

const NUMBERS = new Set(["integer", "decimal", "real"]);
const TIMES = new Set(["date", "timestamp"]);
const KEY = /(?:^|_)(?:id|key|uuid|code|no|nr|number)$|^(?:id|key)/i;
const MOST_LABELS = 60;

/** A name as people say it. */
export const spoken = (name: string): string =>
  name
    .replace(/([\p{Ll}\d])(\p{Lu})/gu, "$1 $2")
    .replace(/[_\-.]+/g, " ")
    .trim()
    .toLowerCase();

interface Parts {
  readonly things: string;
  readonly label: DataColumn | undefined;
  readonly number: DataColumn | undefined;
  readonly time: DataColumn | undefined;
}

function partsOf(table: DataTable): Parts {
  const keys = new Set([...table.primary_key, ...table.foreign_keys.flatMap((key) => key.columns)]);
  const open = table.columns.filter((column) => !column.private && !keys.has(column.name) && !KEY.test(column.name));
  const few = (column: DataColumn) => column.distinct !== null && column.distinct >= 2 && column.distinct <= MOST_LABELS;
  const texts = open.filter((column) => column.kind === "text");
  return {
    things: spoken(table.name),
    label: texts.find(few) ?? texts.find((column) => column.distinct === null),
    number: open.find((column) => NUMBERS.has(column.kind)),
    time: open.find((column) => TIMES.has(column.kind)),
  };
}

const KINDS: readonly ((parts: Parts) => string | null)[] = [
  ({ things, label }) => (label === undefined ? null : `How many ${things} are there for each ${spoken(label.name)}?`),
  ({ things, number, label }) => (number === undefined || label === undefined ? null : `What is the average ${spoken(number.name)} of ${things} for each ${spoken(label.name)}?`),
  ({ things, number }) => (number === undefined ? null : `Show the top 5 ${things} by ${spoken(number.name)}`),
  ({ things, number, time }) => (number === undefined || time === undefined ? null : `Total ${spoken(number.name)} of ${things} per month`),
  ({ things, label }) => {
    const value = label?.samples[0];
    return label === undefined || value === undefined || value.length > 24 ? null : `How many ${things} have ${spoken(label.name)} ${value}?`;
  },
];

/** Some questions over these tables, of different kinds; the largest tables first. */
export function examples(tables: readonly DataTable[], most = 6): readonly string[] {
  const ranked = [...tables].filter((table) => table.columns.length > 0).sort((a, b) => (b.rows ?? 0) - (a.rows ?? 0));
  const found: string[] = [];
  for (const kind of KINDS)
    for (const table of ranked.slice(0, 3)) {
      const question = kind(partsOf(table));
      if (question === null || found.includes(question)) continue;
      found.push(question);
      break;
    }
  for (const table of ranked) if (found.length < most) found.push(`How many ${spoken(table.name)} are there?`);
  return [...new Set(found)].slice(0, most);
}
