// What the room computes by itself: selections, widths, scales, forms, examples, filters, coloured words.

import { describe, expect, it, test } from "vitest";

import type { DataColumn, DataResultColumn, DataTable } from "../../src/protocol/contracts";
import { standing, widths } from "../../src/rooms/data/columns";
import { examples, spoken } from "../../src/rooms/data/examples";
import { needsValue, testsFor, withFilter } from "../../src/rooms/data/filters";
import { blank, dropped, missing, orderOf, pathsOf, suggested } from "../../src/rooms/data/form";
import { languageOf, namespace, wordsOf } from "../../src/rooms/data/language";
import { scaleOf, TALLEST } from "../../src/rooms/data/scale";
import { asTsv, FIRST, holds, moved, rectangle } from "../../src/rooms/data/selection";
import { placeOn } from "../../src/rooms/data/Timings";

const column = (name: string, kind: DataColumn["kind"], more: Partial<DataColumn> = {}): DataColumn => ({ name, type: kind, kind, nullable: true, comment: "", description: "", synonyms: [], unit: "", private: false, guessed: false, samples: [], distinct: null, ...more });
const table = (name: string, columns: readonly DataColumn[], more: Partial<DataTable> = {}): DataTable => ({ name, schema: "", kind: "table", comment: "", description: "", synonyms: [], columns, primary_key: [], foreign_keys: [], rows: 100, ...more });
const result = (name: string, kind: DataResultColumn["kind"] = "text"): DataResultColumn => ({ name, type: kind, kind, unit: "", nullable: true });

describe("a selection", () => {
  const bounds = { rows: 1_000_000, columns: 9 };
  const press = (key: string, more = {}) => ({ key, shiftKey: false, ctrlKey: false, ...more });

  it("goes with the arrows, to the ends with Ctrl, and never beyond", () => {
    expect(moved(FIRST, press("ArrowUp"), bounds, 20)).toEqual(FIRST);
    expect(moved(FIRST, press("ArrowDown", { ctrlKey: true }), bounds, 20)?.to).toEqual({ row: 999_999, column: 0 });
    expect(moved(FIRST, press("End"), bounds, 20)?.to).toEqual({ row: 0, column: 8 });
    expect(moved(FIRST, press("PageDown"), bounds, 20)?.to.row).toBe(20);
    expect(moved(FIRST, press("x"), bounds, 20)).toBeNull();
  });

  it("grows with Shift from where it began, and holds everything with Ctrl+A", () => {
    const grown = moved(moved(FIRST, press("ArrowDown", { shiftKey: true }), bounds, 20) ?? FIRST, press("ArrowRight", { shiftKey: true }), bounds, 20) ?? FIRST;
    expect(rectangle(grown)).toEqual({ top: 0, bottom: 1, start: 0, end: 1 });
    expect(holds(rectangle(grown), 1, 1)).toBe(true);
    expect(holds(rectangle(grown), 2, 1)).toBe(false);
    expect(rectangle(moved(FIRST, press("a", { ctrlKey: true }), bounds, 20) ?? FIRST)).toEqual({ top: 0, bottom: 999_999, start: 0, end: 8 });
  });

  it("is copied so that a spreadsheet takes it as it is", () => {
    const rows = [[1, null, 'say "so"'], [true, "a\tb", "two\nlines"]];
    expect(asTsv(rows, [0, 1, 2])).toBe('1\t\t"say ""so"""\ntrue\t"a\tb"\t"two\nlines"');
    expect(asTsv(rows, [2, 0], ["note", "id"])).toBe('note\tid\n"say ""so"""\t1\n"two\nlines"\ttrue');
  });
});

test("pinned columns stand first, and each begins where the one before ends", () => {
  const columns = [result("id"), result("name"), result("a very long name that goes on and on and on")];
  const stand = standing(columns, widths(columns, [[1, "x".repeat(400), ""]]), ["name"], 10);
  expect(stand.map((each) => each.column.name)).toEqual(["name", "id", columns[2]?.name]);
  expect(stand.map((each) => each.start)).toEqual([0, 220, 270]);
  expect(stand[0]?.pinned).toBe(true);
});

test("a list that is too tall is scaled so that its end is reached", () => {
  expect(scaleOf(1_000_000, 500)).toEqual({ height: 1_000_000, ratio: 1 });
  const { height, ratio } = scaleOf(60_000_000, 500);
  expect(height).toBe(TALLEST);
  expect((height - 500) * ratio).toBeCloseTo(60_000_000 - 500, 3);
});

describe("a form", () => {
  it("takes paths as they are pasted and dropped", () => {
    expect(pathsOf(' "/a b/c.csv" \n\n/d/*.csv')).toEqual(["/a b/c.csv", "/d/*.csv"]);
    expect(dropped("# a list\r\nfile:///home/ada/my%20sales.csv\r\nhttp://x/y")).toEqual(["/home/ada/my sales.csv"]);
    expect(dropped("file:///%zz")).toEqual([]);
  });

  it("says what is missing, and suggests a name", () => {
    expect(missing(blank("files"))).toBe("paths");
    expect(missing({ ...blank("files"), paths: "sales.csv" })).toBe("absolute");
    expect(missing({ ...blank("postgres") })).toBe("host");
    expect(missing({ ...blank("postgres"), host: "db", port: "99999" })).toBe("port");
    expect(missing({ ...blank("files"), paths: "/***" })).toBe("name");
    expect(missing({ ...blank("postgres"), host: "db" })).toBeNull();
    expect(suggested({ ...blank("files"), paths: "/home/ada/sales/" })).toBe("sales");
    expect(suggested({ ...blank("sqlite"), paths: "/home/ada/app.sqlite" })).toBe("app");
  });

  it("becomes the command, with the port that is usual and the password beside", () => {
    const order = orderOf({ ...blank("postgres"), host: " db ", database: "shop", user: "ada", password: "s", schemas: "public, sales" });
    expect(order).toMatchObject({ name: "shop", password: "s", config: { kind: "postgres", host: "db", port: 5432, schemas: ["public", "sales"] } });
    expect(JSON.stringify(order.config)).not.toContain('"s"');
    expect(orderOf({ ...blank("mysql"), host: "localhost", ssh: " ada@gate " })).toMatchObject({ config: { host: "localhost", ssh: "ada@gate" } });
    expect(orderOf({ ...blank("files"), paths: "/a/b.csv" })).toEqual({ name: "b", config: { kind: "files", paths: ["/a/b.csv"] } });
    expect(orderOf({ ...blank("postgres"), name: "local", paths: "/run/postgresql" })).toMatchObject({ config: { host: "", port: 0, paths: ["/run/postgresql"] } });
  });
});

describe("examples", () => {
  const orders = table("customer_orders", [
    column("id", "integer"),
    column("customer_id", "integer"),
    column("email", "text", { private: true, samples: ["ada@example.org"], distinct: 5 }),
    column("city", "text", { samples: ["Berlin"], distinct: 6 }),
    column("unitPrice", "decimal"),
    column("ordered", "date"),
  ], { primary_key: ["id"], foreign_keys: [{ columns: ["customer_id"], table: "customers", references: ["id"], guessed: false }], rows: 9000 });

  it("are of what is there, of several kinds, in words", () => {
    const found = examples([orders, table("customers", [column("name", "text")], { rows: 10 })]);
    expect(found).toContain("How many customer orders are there for each city?");
    expect(found).toContain("What is the average unit price of customer orders for each city?");
    expect(found).toContain("Total unit price of customer orders per month");
    expect(found).toContain("How many customer orders have city Berlin?");
    expect(found.length).toBeLessThanOrEqual(6);
    expect(new Set(found).size).toBe(found.length);
  });

  it("show no value of a private column, and add up no keys", () => {
    const text = examples([orders]).join(" ");
    expect(text).not.toContain("example.org");
    expect(text).not.toMatch(/customer id|email/);
  });

  it("prefer a table that can be told apart to a larger one that cannot", () => {
    const found = examples([table("lines", [column("total", "decimal")], { rows: 9999 }), table("customers", [column("city", "text", { distinct: 4 })])]);
    expect(found[0]).toBe("How many customers are there for each city?");
  });

  it("are none where nothing is", () => {
    expect(examples([])).toEqual([]);
    expect(spoken("OrderLines_2024.old")).toBe("order lines 2024 old");
  });
});

test("a filter fits its column and is not said twice", () => {
  expect(testsFor(result("a", "integer"))[0]).toBe("at_least");
  expect(testsFor(result("a"))[0]).toBe("contains");
  expect([needsValue("missing"), needsValue("is")]).toEqual([false, true]);
  const one = { column: "a", test: "is", value: "x" } as const;
  expect(withFilter([one], { ...one })).toEqual([one]);
  expect(withFilter([one], { ...one, value: "y" })).toHaveLength(2);
});

test("queries are coloured whole, in each language, and completed from the schema", () => {
  for (const [query, dialect] of [['SELECT "a", count(*)\nFROM t -- x', "postgres"], ['{"find": "t",\n "limit": 5}', "mongo"], ["MATCH (n) RETURN n", "cypher"]] as const)
    expect(wordsOf(query, dialect).map((word) => word.text).join("")).toBe(query);
  expect(wordsOf("SELECT 1", "duckdb").find((word) => word.text === "SELECT")?.class).toBe("q-keyword");
  expect(languageOf("cypher")).toBeNull();
  const known = namespace([table("orders", [column("city", "text", { description: "Where to" })], { schema: "sales" })]) as Record<string, { children: { label: string; info?: string }[] }>;
  expect(Object.keys(known)).toEqual(["orders", "sales"]);
  expect(known["orders"]?.children[0]).toMatchObject({ label: "city", info: "Where to" });
});

test("times stand on a logarithmic scale", () => {
  expect([placeOn(0, 1), placeOn(1, 1), placeOn(5, 1)]).toEqual([0, 1, 1]);
  expect(placeOn(0.01, 1)).toBeCloseTo(0.5, 5);
});
