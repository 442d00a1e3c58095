// @vitest-environment jsdom
// Charts are drawn without any code being made from text, and nothing is fetched for them.

import { afterEach, beforeEach, expect, it, vi } from "vitest";

import type { DataChartSpec } from "../../src/protocol/contracts";
import { draw, specOf, type Look } from "../../src/rooms/data/vega";

const LOOK: Look = { text: "#111111", quiet: "#555555", line: "#cccccc", ground: "#ffffff", font: "sans-serif", kinds: ["#276650", "#c2703d"], ramp: ["#e3efe8", "#153b2e"], size: 12 };
const quantity = (field: string) => ({ field, type: "quantitative", title: field, scale: { zero: false } });
const label = (field: string) => ({ field, type: "nominal", title: field, sort: null });
const rows = [{ x: "a", y: 1, colour: "k" }, { x: "b", y: 3, colour: "l" }, { x: "c", y: 2, colour: "k" }];

/** One of each kind that the house draws, as it writes them. */
const SPECS: Readonly<Record<string, readonly [DataChartSpec["kind"], Record<string, unknown>, readonly Record<string, unknown>[]]>> = {
  bar: ["bar", { mark: { type: "bar" }, encoding: { x: label("x"), y: quantity("y") } }, rows],
  lying: ["bar", { mark: { type: "bar" }, encoding: { y: label("x"), x: quantity("y") } }, rows],
  stacked: ["stacked", { mark: { type: "bar" }, encoding: { x: label("x"), y: { ...quantity("y"), stack: "zero" }, color: label("colour") } }, rows],
  line: ["line", { mark: { type: "line", point: true }, encoding: { x: { field: "x", type: "temporal", title: "x", scale: { type: "utc" } }, y: quantity("y") } }, [{ x: "2024-01-01T00:00:00Z", y: 1 }, { x: "2024-02-01T00:00:00Z", y: 2 }]],
  area: ["area", { mark: { type: "area", opacity: 0.7 }, encoding: { x: { field: "x", type: "ordinal", title: "year" }, y: quantity("y") } }, [{ x: 2020, y: 1 }, { x: 2021, y: 2 }]],
  scatter: ["scatter", { mark: { type: "point", filled: true, opacity: 0.6 }, encoding: { x: quantity("x"), y: quantity("y"), color: label("colour") } }, [{ x: 1, y: 2, colour: "k" }, { x: 2, y: 4, colour: "l" }]],
  histogram: ["histogram", { mark: { type: "bar" }, encoding: { x: { ...quantity("x"), bin: { binned: true } }, x2: { field: "x2" }, y: quantity("y") } }, [{ x: 0, x2: 5, y: 3 }, { x: 5, x2: 10, y: 1 }]],
  heatmap: ["heatmap", { mark: { type: "rect" }, encoding: { x: label("x"), y: label("y"), color: quantity("colour") } }, [{ x: "a", y: "b", colour: 3 }]],
  pie: ["pie", { mark: { type: "arc" }, encoding: { theta: { ...quantity("y"), stack: true }, color: label("x") } }, rows],
  points: ["points", { mark: { type: "point" }, projection: { type: "equirectangular" }, encoding: { longitude: { field: "x", type: "quantitative" }, latitude: { field: "y", type: "quantitative" } } }, [{ x: 13.4, y: 52.5 }, { x: 10, y: 53.5 }]],
};
const chart = (name: string): DataChartSpec => {
  const [kind, spec, data] = SPECS[name] ?? ["bar", {}, []];
  return { kind, title: name, why: "", spec, data, sampled: null };
};

const evil = vi.fn();
const made = globalThis.Function;
const fetched = vi.fn(() => Promise.reject(new Error("nothing is fetched")));

/** Do something while neither code can be made from text nor anything be fetched. */
async function strictly<T>(deed: () => Promise<T>): Promise<T> {
  vi.stubGlobal("fetch", fetched);
  vi.stubGlobal("eval", () => evil("eval"));
  const watched = { apply: (_: unknown, __: unknown, args: unknown[]) => evil("Function", args), construct: (_: unknown, args: unknown[]) => (evil("new Function", args), made()) };
  vi.stubGlobal("Function", new Proxy(made, watched));
  try {
    return await deed();
  } finally {
    vi.unstubAllGlobals();
  }
}

beforeEach(() => {
  evil.mockClear();
  fetched.mockClear();
});
afterEach(() => {
  expect(evil).not.toHaveBeenCalled();
  expect(fetched).not.toHaveBeenCalled();
});

it("finds what is planted: code that is made from text", async () => {
  await strictly(() => Promise.resolve(new Function("return 1")));
  expect(evil).toHaveBeenCalledOnce();
  evil.mockClear();
});

it.each(Object.keys(SPECS))("%s is drawn by the interpreter, and saved as a drawing", async (name) => {
  const host = document.createElement("div");
  document.body.append(host);
  const drawn = await strictly(() => draw(host, chart(name), LOOK, `Chart: ${name}`));
  expect(host.querySelector("svg")?.querySelectorAll("path").length).toBeGreaterThan(0);
  expect(host.getAttribute("aria-label")).toBe(`Chart: ${name}`);
  const text = await (await strictly(() => drawn.svg())).text();
  expect(text).toMatch(/^<svg/);
  drawn.end();
  host.remove();
});

it("a specification that names an address fetches nothing", async () => {
  const host = document.createElement("div");
  const image = { ...chart("bar"), spec: { mark: { type: "image", width: 10, height: 10 }, encoding: { url: { field: "x", type: "nominal" }, x: label("x"), y: quantity("y") } } };
  const drawn = await strictly(() => draw(host, image, LOOK, ""));
  expect(host.querySelector("image")?.getAttribute("href") ?? "").toBe("");
  drawn.end();
});

it("what was said of the look is in it, and bars that lie are as high as they are many", () => {
  const spec = specOf(chart("lying"), LOOK, { width: 500, height: 300 }) as unknown as { height: unknown; config: { axis: { labelColor: string } }; data: { values: unknown } };
  expect(spec.height).toEqual({ step: 24 });
  expect(spec.config.axis.labelColor).toBe("#555555");
  expect(spec.data.values).toEqual(rows);
  expect(specOf(chart("bar"), LOOK, { width: 500, height: 300 })).toMatchObject({ width: 500, height: 300 });
});

it("places are spread over the whole map, and as wide as they are on the ground", () => {
  const corners = [{ x: 8, y: 48 }, { x: 14, y: 54 }];
  const map = specOf({ ...chart("points"), data: corners }, LOOK, { width: 900, height: 400 }) as unknown as { width: number; projection?: unknown; encoding: Record<string, { field: string; scale: { zero: boolean } }> };
  expect(map.projection).toBeUndefined();
  expect([map.encoding["x"]?.field, map.encoding["y"]?.field, map.encoding["x"]?.scale.zero]).toEqual(["x", "y", false]);
  expect(map.width).toBeCloseTo(400 * Math.cos((51 * Math.PI) / 180), 3);
  expect(specOf({ ...chart("points"), data: [{ x: 1, y: 1 }] }, LOOK, { width: 900, height: 400 })).toMatchObject({ width: 900 });
});
