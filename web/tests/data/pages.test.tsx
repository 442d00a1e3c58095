// @vitest-environment jsdom
// The room's pages as a person meets them, with a host under the test's hand.

import { createMemoryHistory, RouterProvider } from "@tanstack/react-router";
import { act, cleanup, configure, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";

import { listenToKeys } from "../../src/frame/keys";
import { wayThrough } from "../../src/frame/router";
import { toasts } from "../../src/frame/toasts";
import { GarretError, type DataDraft, type DataRun } from "../../src/protocol/contracts";
import { asking } from "../../src/rooms/data/asking";
import { removing } from "../../src/rooms/data/removal";
import { bringStrings } from "../../src/strings";
import { Host, LATER, show } from "../host.fake";

const source = (id: string, more = {}) => ({
  id,
  name: id,
  config: { kind: "files", paths: [`/home/ada/${id}`], host: "", port: 0, database: "", schemas: [], user: "", tls: "", authority: "", ssh: "", reading: {} },
  dialect: "duckdb",
  enabled: true,
  added: 1,
  tables: 1,
  taken: 1,
  fingerprint: "f",
  problem: "",
  ...more,
});
const column = (name: string, kind = "text", more = {}) => ({ name, type: kind.toUpperCase(), kind, nullable: true, comment: "", description: "", synonyms: [], unit: "", private: false, guessed: false, samples: [], distinct: 3, ...more });
const orders = { name: "orders", schema: "", kind: "file", comment: "orders.csv", description: "", synonyms: [], columns: [column("city"), column("price", "decimal"), column("email", "text", { private: true, guessed: true })], primary_key: [], foreign_keys: [], rows: 9 };
const catalogue = (more = {}) => ({ source: "shop", dialect: "duckdb", fingerprint: "f", taken: 1, offset: 0, found: 1, tables: [orders], measures: [], notes: [], ...more });
const draft = (more: Partial<DataDraft> = {}): DataDraft => ({
  id: "question_1",
  source: "shop",
  question: "How many orders are there for each city?",
  translation: { outcome: "query", query: "select", reading: "The number of orders for each city.", message: "", confidence: 1, shape: "group", alternatives: [{ label: "by price", query: "SELECT 2", reading: "By price." }], hints: [], by: "grammar" },
  limits: { rows: 10_000, bytes: 1 << 28, seconds: 60 },
  fingerprint: "f",
  where: "It stays on this machine.",
  checked: { query: "SELECT city, count(*) FROM orders GROUP BY city LIMIT 10001", tables: ["orders"], columns: ["orders.city"], limit: 10_001 },
  refusal: null,
  estimate: { rows: 3, cost: null, seconds: null, plan: "" },
  seconds: {},
  notes: [],
  ...more,
});
const head = {
  id: "result_1",
  columns: [{ name: "city", type: "VARCHAR", kind: "text", unit: "", nullable: true }, { name: "n", type: "BIGINT", kind: "integer", unit: "", nullable: true }],
  rows: 2,
  bytes: 64,
  provenance: { source: "shop", dialect: "duckdb", query: "SELECT", fingerprint: "f", ran: 1, question: "How many?", by: "grammar" },
  timing: { generate: 0, validate: 0, wait: 0, execute: 0.1, first_rows: 0.1, normalise: 0 },
  truncated: true,
  about: 5000,
  notes: ["2 lines were left out."],
};
const asked = { id: "question_1", source: "shop", source_name: "shop", question: "How many?", query: "SELECT", reading: "", by: "grammar", state: "answered", asked: 1, message: "", rows: 2, seconds: 0.1, result: "result_1", name: "", favourite: false, trusted: false };

configure({ asyncUtilTimeout: 20_000 }); // a machine with much to do takes longer, and is not wrong for it

const SIZES = [["clientHeight", 600], ["clientWidth", 900], ["offsetHeight", 600], ["offsetWidth", 900]] as const;
const PAGES = import.meta.glob("../../src/rooms/data/*.tsx");

let host: Host;
let stop: () => void;

// What the browser fetches late is here already: how long that takes is not what is tried.
beforeAll(() => Promise.all([bringStrings("data_pages"), ...["Ask", "Sources", "Schema", "History", "Dashboards", "Timings"].map((name) => PAGES[`../../src/rooms/data/${name}.tsx`]?.())]));
beforeEach(() => {
  localStorage.clear();
  asking.state.set({ reading: "", draft: null, running: null, answer: null, error: null });
  removing.set(new Set());
  host = new Host();
  stop = listenToKeys();
  Object.assign(host.answers, {
    "house.approvals": { requests: [] },
    "data.list": { sources: [source("shop")] },
    "data.catalogue": catalogue(),
    "data.draft": draft(),
    "data.rows": { offset: 0, rows: 2, cells: [["Berlin", 6], [null, 3]] },
    "data.history": { questions: [asked] },
    "data.dashboards": { dashboards: [] },
    "data.stages": { stages: [] },
    "data.rendered": {},
  });
  // jsdom lays nothing out: what scrolls has a size, so that something is seen in it.
  for (const [name, size] of SIZES) Object.defineProperty(HTMLElement.prototype, name, { configurable: true, get: () => size });
});
afterEach(() => {
  for (const toast of toasts.state().shown) toasts.dismiss(toast.id);
  cleanup();
  stop();
  for (const [name] of SIZES) Reflect.deleteProperty(HTMLElement.prototype, name);
});

async function opened(path: string, capabilities?: readonly string[], role = "shell") {
  show(host, <RouterProvider router={wayThrough(createMemoryHistory({ initialEntries: [path] }))} />, capabilities);
  await screen.findByRole("navigation", { name: "Rooms" });
  act(() => host.greet(role));
  await screen.findByText("Connected");
  return userEvent.setup();
}

/** A run that waits for its consent, and ends with the answer once it has it. */
function consents(order: (sent: DataRun) => object = (sent) => sent) {
  let sent: DataRun | null = null;
  let call = 0;
  host.answers["data.run"] = (payload: DataRun, id: number) => {
    [sent, call] = [payload, id];
    host.port.tell({ t: "progress", id, value: { fraction: -1, note: "waits for an approval: `garret approvals show a1`" } });
    return LATER;
  };
  host.answers["house.approvals"] = () => ({
    requests: sent === null ? [] : [{ id: "a1", command: "data.run", summary: "", arguments: order(sent), payload: "", role: "shell", name: "", profile: "ada", workspace: "", job: "", asked: 1, until: 9e9 }],
  });
  host.answers["house.approval_grant"] = () => {
    host.port.tell({ t: "item", id: call, value: { rows: 2, bytes: 64, seconds: 0.1 } });
    host.port.tell({ t: "result", id: call, value: head, files: [] });
    return {};
  };
  return () => host.port.tell({ t: "result", id: call, value: head, files: [] });
}

describe("asking", () => {
  it("goes from an example of one's own schema over the draft to the rows, and nothing runs before the consent", async () => {
    consents();
    const user = await opened("/data");
    await user.click(await screen.findByRole("button", { name: "How many orders are there for each city?" }));
    expect(await screen.findByRole("heading", { name: "The number of orders for each city." })).toBeTruthy();
    const card = screen.getByRole("article", { name: "Draft" });
    for (const said of ["orders", "orders.city", "about 3 rows", "10,000 rows, 256", "It stays on this machine."]) expect(card.textContent).toContain(said);
    expect(host.calls("data.run")).toEqual([]);
    await user.keyboard("{Control>}{Enter}{/Control}");
    const grid = await screen.findByRole("grid");
    expect(await within(grid).findByText("Berlin")).toBeTruthy();
    expect(within(grid).getByText("∅")).toBeTruthy();
    expect(host.calls("data.run")).toHaveLength(1);
    expect(host.calls("data.run")[0]).toMatchObject({ query: draft().checked?.query, draft: "question_1", fingerprint: "f" });
    expect(host.calls("house.approval_grant")).toEqual([{ request: "a1" }]);
    screen.getByText("These are the first 2 rows of about 5,000.");
    screen.getByText("2 lines were left out.");
    await waitFor(() => expect(host.calls("data.rendered")).toHaveLength(1));
  });

  it("consents to nothing but what was shown, and says so", async () => {
    consents((sent) => ({ ...sent, query: "SELECT secret" }));
    const user = await opened("/data");
    await user.type(await screen.findByRole("textbox", { name: "Your question" }), "How many?{Enter}");
    await user.click(await screen.findByRole("button", { name: /Approve and run/ }));
    await screen.findByText(/not what was shown here/);
    expect(host.calls("house.approval_grant")).toEqual([]);
  });

  it("in a browser waits for the consent, says where, and can be cancelled", async () => {
    const finish = consents();
    const user = await opened("/data", ["system.status", "desk.use", "data.use", "data.run", "house.use"], "gateway");
    await user.type(await screen.findByRole("textbox", { name: "Your question" }), "How many?{Enter}");
    await user.click(await screen.findByRole("button", { name: /Ask for approval and run/ }));
    await screen.findByText("Waits for approval");
    screen.getByText(/garret approvals show a1/);
    await user.click(screen.getByRole("button", { name: "Cancel" }));
    expect(host.port.of("cancel")).toHaveLength(1);
    act(() => finish());
    expect(host.calls("house.approval_grant")).toEqual([]);
  });

  it("shows a refusal with its rule and what would be allowed, and no way to run it", async () => {
    host.answers["data.draft"] = draft({ checked: null, refusal: { rule: "queries only read", message: "DELETE may not run.", allowed: "a single SELECT" } });
    const user = await opened("/data");
    await user.type(await screen.findByRole("textbox", { name: "Your question" }), "delete all{Enter}");
    const alert = await screen.findByRole("alert");
    expect(alert.textContent).toContain("DELETE may not run.");
    expect(alert.textContent).toContain("queries only read");
    expect(alert.textContent).toContain("a single SELECT");
    expect(screen.queryByRole("button", { name: /Approve/ })).toBeNull();
  });

  it("asks back with chips, and takes the chosen reading on with its question", async () => {
    const user = await opened("/data");
    await user.type(await screen.findByRole("textbox", { name: "Your question" }), "How many?{Enter}");
    await user.click(await screen.findByRole("button", { name: "by price" }));
    await waitFor(() => expect(host.calls("data.draft").at(-1)).toMatchObject({ query: "SELECT 2", previous: "question_1", question: "" }));
  });

  it("goes on from the last question", async () => {
    const user = await opened("/data");
    const box = await screen.findByRole("textbox", { name: "Your question" });
    await user.type(box, "How many?{Enter}");
    await screen.findByRole("article", { name: "Draft" });
    await user.clear(box);
    await user.type(box, "only Berlin");
    await user.click(screen.getByRole("button", { name: "Go on from the last question" }));
    await waitFor(() => expect(host.calls("data.draft").at(-1)).toMatchObject({ question: "only Berlin", previous: "question_1" }));
  });

  it("says what to do where there is no source, and why a question failed", async () => {
    host.answers["data.list"] = { sources: [] };
    const user = await opened("/data");
    await user.click(await screen.findByRole("button", { name: "Add a source" }));
    await screen.findByRole("heading", { name: "Sources" });
    await screen.findByText("On this machine");
  });

  it("keeps the words when reading them failed", async () => {
    host.answers["data.draft"] = () => {
      throw new GarretError({ code: "unavailable", message: "The worker was lost. Nothing was run.", retryable: true, details: {} });
    };
    const user = await opened("/data");
    const box = await screen.findByRole("textbox", { name: "Your question" });
    await user.type(box, "How many?{Enter}");
    await screen.findByText("The worker was lost. Nothing was run.");
    expect((box as HTMLTextAreaElement).value).toBe("How many?");
  });
});

describe("sources", () => {
  it("are tried and added, the password beside the configuration, and what the try found is shown", async () => {
    host.answers["data.add"] = { source: source("db", { config: { ...source("db").config, kind: "postgres" } }), status: { version: "PostgreSQL 17", login: "ada", read_only: false, warnings: ["This login may write."], script: "CREATE ROLE reader", milliseconds: 4 } };
    const user = await opened("/data/sources");
    await user.click(await screen.findByRole("button", { name: "Add a source" }));
    await user.click(await screen.findByText("PostgreSQL"));
    await user.type(screen.getByLabelText("Host"), "db.example.org");
    await user.type(screen.getByLabelText("Database"), "shop");
    await user.type(screen.getByLabelText("Password"), "secret");
    await user.click(screen.getByRole("button", { name: "Try it and add it" }));
    await screen.findByText("This login may write.");
    screen.getByText("CREATE ROLE reader");
    expect(host.calls("data.add")).toEqual([expect.objectContaining({ name: "shop", password: "secret", config: expect.objectContaining({ host: "db.example.org", port: 5432 }) as unknown })]);
  });

  it("are removed at once and brought back by Undo; only then, when it is over, for good", async () => {
    host.answers["data.switch"] = source("shop");
    host.answers["data.remove"] = {};
    const user = await opened("/data/sources");
    const remove = async () => {
      await user.click(await screen.findByRole("button", { name: "More about shop" }));
      await user.click(await screen.findByRole("menuitem", { name: "Remove" }));
      await waitFor(() => expect(screen.queryByRole("article", { name: "shop" })).toBeNull());
    };
    await remove();
    await user.click(await screen.findByRole("button", { name: "Undo" }));
    await screen.findByRole("article", { name: "shop" });
    expect(host.calls("data.switch")).toEqual([{ source: "shop", enabled: false }, { source: "shop", enabled: true }]);
    expect(host.calls("data.remove")).toEqual([]);
    await remove();
    act(() => window.dispatchEvent(new Event("pagehide")));
    expect(host.calls("data.remove")).toEqual([{ source: "shop" }]);
  });

  it("say what is wrong with them", async () => {
    host.answers["data.list"] = { sources: [source("shop", { problem: "The folder is gone." }), source("old", { enabled: false })] };
    await opened("/data/sources");
    await screen.findByText("The folder is gone.");
    screen.getByText("Does not answer");
    screen.getByText("Disabled");
  });

  it("have their files read otherwise", async () => {
    host.answers["data.list"] = { sources: [source("shop", { config: { ...source("shop").config, paths: ["/home/ada/a.csv"] } })] };
    host.answers["data.read"] = source("shop");
    host.answers["data.reading"] = { path: "/home/ada/a.csv", guessed: { delim: "|", quote: "'" }, decided: {} };
    const user = await opened("/data/sources");
    await user.click(await screen.findByRole("button", { name: "More about shop" }));
    await user.click(await screen.findByRole("menuitem", { name: "How files are read …" }));
    await screen.findByPlaceholderText("'");
    await user.selectOptions(await screen.findByLabelText("Between values"), ";");
    await user.type(screen.getByLabelText("Lines to skip"), "2");
    await user.click(screen.getByRole("button", { name: "Read it so" }));
    await waitFor(() => expect(host.calls("data.read")).toEqual([{ source: "shop", path: "/home/ada/a.csv", options: { delim: ";", skip: "2" } }]));
  });
});

describe("tables", () => {
  it("are found, described with undo, and private columns are marked", async () => {
    host.answers["data.describe"] = {};
    const user = await opened("/data/schema");
    await user.click(await screen.findByRole("button", { name: /^orders/ }));
    await screen.findByText("private, guessed");
    await user.click(screen.getByRole("button", { name: "Describe price" }));
    await user.type(screen.getByLabelText("What it means"), "Without tax");
    await user.type(screen.getByLabelText("Unit"), "EUR");
    await user.click(screen.getByRole("button", { name: "Keep" }));
    await waitFor(() => expect(host.calls("data.describe")[0]).toMatchObject({ table: "orders", column: "price", description: "Without tax", unit: "EUR", private: false }));
    await user.click(await screen.findByRole("button", { name: "Undo" }));
    await waitFor(() => expect(host.calls("data.describe")[1]).toMatchObject({ column: "price", description: "", unit: "" }));
    await user.type(screen.getByLabelText("Find tables and columns"), "city");
    await waitFor(() => expect(host.calls("data.catalogue").at(-1)).toMatchObject({ find: "city", offset: 0, count: 50 }));
  });

  it("of a thousand are shown in pages", async () => {
    const all = Array.from({ length: 50 }, (_, index) => ({ ...orders, name: `t${index}` }));
    host.answers["data.catalogue"] = catalogue({ found: 1000, tables: all });
    const user = await opened("/data/schema");
    await screen.findByText("1,000 tables");
    await user.click(screen.getByRole("button", { name: "Next page" }));
    await waitFor(() => expect(host.calls("data.catalogue").at(-1)).toMatchObject({ offset: 50 }));
  });
});

describe("history, dashboards, timings", () => {
  it("what is not trusted is looked at again; what is trusted runs at once", async () => {
    const user = await opened("/data/history");
    await user.click(await screen.findByRole("button", { name: "Ask again" }));
    await waitFor(() => expect(host.calls("data.draft").at(-1)).toMatchObject({ query: "SELECT", source: "shop" }));
    expect(host.calls("data.rerun")).toEqual([]);
  });

  it("a trusted tile runs by itself, another does not", async () => {
    const tile = { id: "t", question: "question_1", title: "By city", chart: "table", position: 0, trusted: true, source: "shop" };
    host.answers["data.dashboards"] = { dashboards: [{ name: "Shop", tiles: [tile, { ...tile, id: "u", question: "question_2", title: "Other", trusted: false }] }] };
    host.answers["data.rerun"] = head;
    host.answers["data.result"] = head;
    host.answers["data.history"] = (payload: { question?: string }) => ({ questions: [{ ...asked, id: payload.question, result: payload.question === "question_1" ? "result_1" : "" }] });
    await opened("/data/dashboards");
    const first = await screen.findByRole("article", { name: "By city" });
    expect(await within(first).findByText("Berlin")).toBeTruthy();
    const other = screen.getByRole("article", { name: "Other" });
    await within(other).findByText("Not here any more");
    expect(host.calls("data.rerun")).toEqual([expect.objectContaining({ question: "question_1" })]);
  });

  it("each stage has its half and its ninety-fifth", async () => {
    host.answers["data.stages"] = { stages: [{ stage: "generate", count: 4, p50: 0.002, p95: 0.05 }, { stage: "render", count: 0, p50: 0, p95: 0 }] };
    await opened("/data/timings");
    const row = (await screen.findByText("Reading the question")).closest("tr");
    expect(row?.textContent).toContain("2 ms");
    expect(row?.textContent).toContain("50 ms");
    expect(screen.queryByText("Drawing the answer")).toBeNull();
  });

  it.each([
    ["/data/history", "data.history", { questions: [] }, "Nothing was asked yet"],
    ["/data/dashboards", "data.dashboards", { dashboards: [] }, "No dashboard yet"],
    ["/data/timings", "data.stages", { stages: [] }, "Nothing was asked yet"],
    ["/data/sources", "data.list", { sources: [] }, "No source yet"],
    ["/data/schema", "data.list", { sources: [] }, "No source to look at"],
  ])("%s teaches where nothing is", async (path, command, answer, said) => {
    host.answers[command] = answer;
    await opened(path);
    await screen.findByText(said);
  });
});
