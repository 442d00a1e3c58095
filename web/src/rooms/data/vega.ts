// Charts drawn by Vega: a specification becomes a view, in the colours of the page. Fetched when a chart is first shown.
//
// Specifications come from the house and only draw (no expressions, no addresses). What Vega-Lite makes of them is
// read as a tree by the interpreter, never turned into code, as the page's content policy demands; nothing is loaded.

import { loader, parse, View, type Loader } from "vega";
import { expressionInterpreter } from "vega-interpreter";
import { compile, type TopLevelSpec } from "vega-lite";

import type { DataChartSpec } from "../../protocol/contracts";

/** Colours and letters of the page. */
export interface Look {
  readonly text: string;
  readonly quiet: string;
  readonly line: string;
  readonly ground: string;
  readonly font: string;
  /** For kinds of things, told apart without their hue as well as that goes. */
  readonly kinds: readonly string[];
  /** From little to much. */
  readonly ramp: readonly string[];
  /** In pixels. */
  readonly size: number;
}

const ON_LIGHT = ["#276650", "#c2703d", "#3f6fb0", "#8a5a9e", "#a08a1f", "#5b5f58", "#b0455a", "#2f8f9d"];
const ON_DARK = ["#7fc4a6", "#f0a46c", "#8fb4ea", "#c9a0dc", "#dcc65a", "#b5bdb7", "#f08ca0", "#7fd0dc"];

/** The look of the page as it is now. */
export function lookOf(root: HTMLElement): Look {
  const style = getComputedStyle(root);
  const token = (name: string) => style.getPropertyValue(`--g-${name}`).trim();
  const dark = root.dataset["mantineColorScheme"] === "dark";
  return {
    text: token("text"),
    quiet: token("quiet"),
    line: token("line"),
    ground: token("raised"),
    font: getComputedStyle(document.body).fontFamily,
    kinds: dark ? ON_DARK : ON_LIGHT,
    ramp: dark ? ["#22362d", "#4f8f77", "#b8f0d6"] : ["#e3efe8", "#68ab90", "#153b2e"],
    size: 0.75 * (parseFloat(style.fontSize) || 16),
  };
}

const config = ({ text, quiet, line, font, kinds, ramp, size }: Look) => ({
  background: "transparent",
  font,
  view: { stroke: "transparent" },
  axis: { labelColor: quiet, titleColor: text, gridColor: line, domainColor: line, tickColor: line, labelFontSize: size, titleFontSize: size, titleFontWeight: 560, labelLimit: 14 * size, titlePadding: 10 },
  axisX: { labelOverlap: "greedy" },
  legend: { labelColor: quiet, titleColor: text, labelFontSize: size, titleFontSize: size, labelLimit: 14 * size },
  range: { category: kinds, ramp, heatmap: ramp, ordinal: kinds },
  mark: { color: kinds[0] },
  bar: { cornerRadiusEnd: 2 },
  line: { strokeWidth: 2 },
  arc: { stroke: line },
});

/** Nothing is fetched for a chart, whatever its specification says. */
function nothing(): Loader {
  const refuse = () => Promise.reject(new Error("A chart loads nothing."));
  return Object.assign(loader(), { load: refuse, sanitize: refuse, http: refuse, file: refuse });
}

const STEP = 24; // pixels of a bar that lies
const SVG_MARKS = 1500; // beyond, a canvas is quicker
const SMALLEST = 160;

interface Sizes {
  readonly width: number;
  readonly height: number;
}

type Encoding = Readonly<Record<string, { readonly field?: string; readonly type?: string; readonly title?: string } | undefined>>;

/** Places as a map without tiles: degrees along both axes, as long in the north as on the ground. Pure. */
function mapOf(chart: DataChartSpec, encoding: Encoding, { width, height }: Sizes): { readonly spec: Readonly<Record<string, unknown>>; readonly width: number } {
  const { longitude, latitude, ...rest } = encoding;
  const along = (channel: Encoding[string], title: string) => ({ ...channel, type: "quantitative", title: channel?.title ?? title, scale: { zero: false, nice: false, padding: 12 } });
  const range = (channel: Encoding[string]): readonly [number, number] => {
    const found = chart.data.map((row) => Number(row[channel?.field ?? ""])).filter(Number.isFinite);
    return [Math.min(...found), Math.max(...found)];
  };
  const [[west, east], [south, north]] = [range(longitude), range(latitude)];
  const wide = ((east - west) * Math.cos((Math.PI * (south + north)) / 360)) / (north - south);
  const fitting = Number.isFinite(wide) && wide > 0 ? Math.min(width, Math.max(SMALLEST, height * wide)) : width;
  const { projection: _, ...spec } = chart.spec;
  return { spec: { ...spec, encoding: { ...rest, x: along(longitude, "longitude"), y: along(latitude, "latitude") } }, width: fitting };
}

/** The whole specification: what the house said, its rows, the look and the room there is. Pure. */
export function specOf(chart: DataChartSpec, look: Look, sizes: Sizes): TopLevelSpec {
  const encoding = (chart.spec["encoding"] ?? {}) as Encoding;
  const lies = encoding["y"]?.type === "nominal";
  const { spec, width } = encoding["longitude"] === undefined ? { spec: chart.spec, width: sizes.width } : mapOf(chart, encoding, sizes);
  const { height } = sizes;
  return {
    ...spec,
    data: { values: chart.data as object[] },
    width,
    height: lies ? { step: STEP } : height,
    autosize: { type: lies ? "fit-x" : "fit", contains: "padding" },
    config: config(look),
  } as unknown as TopLevelSpec;
}

/** A chart that is drawn. */
export interface Drawn {
  png(): Promise<Blob>;
  svg(): Promise<Blob>;
  end(): void;
}

/** Draw a chart into an element; `said` tells it to who does not see it. */
export async function draw(host: HTMLElement, chart: DataChartSpec, look: Look, said: string): Promise<Drawn> {
  const spec = specOf(chart, look, { width: Math.max(SMALLEST, host.clientWidth), height: Math.max(SMALLEST, host.clientHeight) });
  const quiet = { warn: () => quiet, info: () => quiet, debug: () => quiet, error: (...problems: unknown[]) => (console.error(...problems), quiet), level: () => quiet };
  const compiled = compile(spec, { logger: quiet as never }).spec;
  const view = new View(parse(compiled, undefined, { ast: true } as never), {
    expr: expressionInterpreter as never,
    loader: nothing(),
    renderer: chart.data.length > SVG_MARKS ? "canvas" : "svg",
    container: host,
    hover: true,
  });
  view.description(said);
  await view.runAsync();
  return {
    async png() {
      const canvas = await view.background(look.ground).toCanvas(2);
      view.background("transparent");
      return new Promise<Blob>((resolve, reject) =>
        (canvas as unknown as HTMLCanvasElement).toBlob((blob) => (blob === null ? reject(new Error("The chart could not be made a picture.")) : resolve(blob)), "image/png"),
      );
    },
    async svg() {
      return new Blob([await view.toSVG()], { type: "image/svg+xml" });
    },
    end: () => view.finalize(),
  };
}
