import { describe, expect, it, test, vi } from "vitest";

import type { House } from "../../src/frame/house";
import { GarretError, type CallOptions, type DataDraft, type DataRun, type HouseApprovalRequest } from "../../src/protocol/contracts";
import { Asking } from "../../src/rooms/data/asking";
import { isOf, orderOf, runDraft } from "../../src/rooms/data/runs";

const draft = (more: Partial<DataDraft> = {}): DataDraft => ({
  id: "question_1",
  source: "src_1",
  question: "How many?",
  translation: { outcome: "query", query: "select 1", reading: "One.", message: "", confidence: 1, shape: "", alternatives: [], hints: [], by: "grammar" },
  limits: { rows: 10, bytes: 1000, seconds: 60 },
  fingerprint: "f",
  where: "here",
  checked: { query: "SELECT 1 LIMIT 11", tables: [], columns: [], limit: 11 },
  refusal: null,
  estimate: null,
  seconds: {},
  notes: [],
  ...more,
});
const request = (args: Readonly<Record<string, unknown>>, id = "a1"): HouseApprovalRequest => ({ id, command: "data.run", summary: "", arguments: args, payload: "", role: "shell", name: "", profile: "ada", workspace: "", job: "", asked: 0, until: 9 });
const head = { id: "result_1" };

/** A house in which a run waits for its approval and ends when it has one. */
function house(waiting: (order: DataRun) => readonly HouseApprovalRequest[]) {
  const granted: string[] = [];
  let order: DataRun | null = null;
  let end: (value: unknown) => void = () => undefined;
  let options: CallOptions<"data.run"> = {};
  const call = (name: string, command: unknown, given: CallOptions<"data.run"> = {}) => {
    if (name === "house.approvals") return Promise.resolve({ requests: waiting(order as DataRun) });
    if (name === "house.approval_grant") {
      granted.push((command as { request: string }).request);
      end(head);
      return Promise.resolve({});
    }
    if (name === "data.draft") return Promise.resolve(draft());
    order = command as DataRun;
    options = given;
    return new Promise((resolve, reject) => {
      end = resolve;
      given.signal?.addEventListener("abort", () => reject(new GarretError({ code: "cancelled", message: "Cancelled.", retryable: false, details: {} })));
      queueMicrotask(() => given.onProgress?.({ fraction: -1, note: "waits for an approval: `garret approvals show a1`" } as never));
    });
  };
  return { house: { call } as unknown as House, granted, finish: () => end(head), order: () => order, item: (rows: number) => options.onItem?.({ rows, bytes: 8, seconds: 0.1 } as never) };
}

const following = (mayGrant: boolean, ended = new AbortController()) => ({ signal: ended.signal, mayGrant, fetched: vi.fn(), waiting: vi.fn() });

describe("a run", () => {
  it("is consented to where it waits, if it is what was shown, byte for byte", async () => {
    const here = house((order) => [request({ ...order, query: "SELECT 2", approval: "" }, "other"), request({ ...order, approval: "" })]);
    await expect(runDraft(here.house, draft(), following(true))).resolves.toEqual(head);
    expect(here.granted).toEqual(["a1"]);
    expect(here.order()).toMatchObject({ source: "src_1", query: "SELECT 1 LIMIT 11", fingerprint: "f", draft: "question_1" });
  });

  it.each([
    ["another query", (order: DataRun) => ({ ...order, query: "SELECT 2" })],
    ["other limits", (order: DataRun) => ({ ...order, limits: { ...order.limits, rows: 11 } })],
    ["another key", (order: DataRun) => ({ ...order, key: "page-other" })],
    ["something more", (order: DataRun) => ({ ...order, more: "x" })],
    ["another source", (order: DataRun) => ({ ...order, source: "src_2" })],
  ])("with %s is not consented to: it ends, and says why", async (_, changed) => {
    const here = house((order) => [request(changed(order))]);
    await expect(runDraft(here.house, draft(), following(true))).rejects.toThrow("not what was shown");
    expect(here.granted).toEqual([]);
  });

  it("waits and says where, for whoever may not consent", async () => {
    const here = house(() => []);
    const told = following(false);
    const run = runDraft(here.house, draft(), told);
    await vi.waitFor(() => expect(told.waiting).toHaveBeenCalledWith("waits for an approval: `garret approvals show a1`"));
    here.item(5);
    expect(told.fetched).toHaveBeenCalledWith({ rows: 5, bytes: 8, seconds: 0.1 });
    expect(here.granted).toEqual([]);
    here.finish();
    await expect(run).resolves.toEqual(head);
  });

  it("of a draft that was refused is none", async () => {
    const refused = draft({ checked: null, refusal: { rule: "r", message: "Only reading.", allowed: "" } });
    expect(orderOf(refused)).toBeNull();
    await expect(runDraft(house(() => []).house, refused, following(true))).rejects.toThrow("Only reading.");
  });

  it("has a key of its own each time, so that two are never taken for one", () => {
    expect(orderOf(draft())?.key).not.toBe(orderOf(draft())?.key);
  });
});

test("a request is compared in all that it says, in depth", () => {
  const order = { a: 1, b: { c: [1, 2] } };
  expect(isOf(request({ a: 1, b: { c: [1, 2] }, approval: "t" }), order)).toBe(true);
  expect(isOf(request({ a: 1, b: { c: [1, 3] } }), order)).toBe(false);
  expect(isOf(request({ a: 1 }), order)).toBe(false);
});

describe("asking", () => {
  it("goes from the question to the draft to the answer, and a cancel leaves the draft", async () => {
    const here = house((order) => [request({ ...order })]);
    const asking = new Asking();
    const drafted = asking.draft(here.house, { source: "src_1", text: "How many?" });
    expect(asking.state.get().reading).toBe("How many?");
    await drafted;
    expect(asking.state.get()).toMatchObject({ reading: "", draft: { id: "question_1" }, answer: null });
    const waits = asking.run(here.house, false);
    await vi.waitFor(() => expect(asking.state.get().running?.waits).not.toBe(""));
    asking.cancel();
    await waits;
    expect(asking.state.get()).toMatchObject({ running: null, answer: null, error: null, draft: { id: "question_1" } });
    await asking.run(here.house, true);
    expect(asking.state.get()).toMatchObject({ running: null, answer: { head, question: "question_1" } });
  });

  it("runs nothing without a draft that may run", async () => {
    const here = house(() => []);
    const asking = new Asking();
    await asking.run(here.house, true);
    expect([here.order(), asking.state.get().running]).toEqual([null, null]);
  });

  it("tells why there is no answer", async () => {
    const asking = new Asking();
    const broken = { call: (name: string) => (name === "data.draft" ? Promise.resolve(draft()) : Promise.reject(new GarretError({ code: "conflict", message: "The tables changed.", retryable: false, details: {} }))) } as unknown as House;
    await asking.draft(broken, { source: "src_1", text: "x" });
    await asking.run(broken, true);
    expect(asking.state.get().error?.message).toBe("The tables changed.");
  });
});
