// The languages of queries as the editor and the shown query know them: colours of words, completion from the schema.
//
// Fetched late: all of it is CodeMirror's.

import { json } from "@codemirror/lang-json";
import { MariaSQL, PostgreSQL, SQLite, StandardSQL, sql, type SQLDialect, type SQLNamespace } from "@codemirror/lang-sql";
import type { LanguageSupport } from "@codemirror/language";
import { highlightCode, tagHighlighter, tags } from "@lezer/highlight";

import type { DataTable } from "../../protocol/contracts";
import { inJson, type Dialect } from "./sources";

const DIALECTS: Partial<Record<Dialect, SQLDialect>> = { postgres: PostgreSQL, duckdb: PostgreSQL, mysql: MariaSQL, sqlite: SQLite, trino: StandardSQL };

/** Tables and columns as the completion wants them; each with what it is. Pure. */
export function namespace(tables: readonly DataTable[]): SQLNamespace {
  const found: Record<string, SQLNamespace> = {};
  for (const table of tables) {
    const columns = table.columns.map((column) => ({ label: column.name, detail: column.type, type: "property", ...(column.description || column.comment ? { info: column.description || column.comment } : {}) }));
    const here: SQLNamespace = { self: { label: table.name, detail: table.kind, type: "class" }, children: columns };
    found[table.name] = here;
    if (table.schema !== "") {
      const within = (found[table.schema] ?? {}) as Record<string, SQLNamespace>;
      found[table.schema] = { ...within, [table.name]: here };
    }
  }
  return found;
}

/** A language; null where there is none to be had (Cypher). */
export function languageOf(dialect: Dialect, tables: readonly DataTable[] = []): LanguageSupport | null {
  if (inJson(dialect)) return json();
  const known = DIALECTS[dialect];
  return known === undefined ? null : sql({ dialect: known, schema: namespace(tables), upperCaseKeywords: true });
}

/** Classes of words, which `data.css` colours. */
export const classes = tagHighlighter([
  { tag: tags.keyword, class: "q-keyword" },
  { tag: [tags.operatorKeyword, tags.operator, tags.punctuation], class: "q-operator" },
  { tag: tags.string, class: "q-string" },
  { tag: [tags.number, tags.bool, tags.null], class: "q-value" },
  { tag: [tags.propertyName, tags.special(tags.string), tags.standard(tags.name), tags.typeName], class: "q-property" },
  { tag: tags.comment, class: "q-comment" },
]);

export interface Word {
  readonly text: string;
  readonly class: string;
}

/** A query as coloured words, line breaks among them. */
export function wordsOf(query: string, dialect: Dialect): readonly Word[] {
  const support = languageOf(dialect);
  if (support === null) return [{ text: query, class: "" }];
  const words: Word[] = [];
  highlightCode(
    query,
    support.language.parser.parse(query),
    classes,
    (text, found) => words.push({ text, class: found }),
    () => words.push({ text: "\n", class: "" }),
  );
  return words;
}
