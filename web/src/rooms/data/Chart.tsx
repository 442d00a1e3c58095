// The chart of an answer: the one that fits best, the others a click away, why it fits, and how much of the rows it is.

import { Button, Menu, SegmentedControl, Select } from "@mantine/core";
import { IconChartBar, IconDownload } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import { EmptyState } from "../../frame/EmptyState";
import { ErrorCard } from "../../frame/ErrorCard";
import { Faces } from "../../frame/Faces";
import { useFormat } from "../../frame/format";
import { useAsk } from "../../frame/house";
import { useNarrow } from "../../frame/useNarrow";
import type { DataChartSpec } from "../../protocol/contracts";
import { useDeeds } from "./deeds";
import type { Drawn } from "./vega";

export type ChartKind = DataChartSpec["kind"];

const HEIGHT = "22rem";
const MOST_SEGMENTS = 5;

export interface ChartProps {
  readonly result: string;
  /** Which kind is shown; null: the one that fits best. */
  readonly kind: ChartKind | null;
  readonly onKind: (kind: ChartKind) => void;
  readonly onDrawn?: () => void;
}

/** See the module. */
export function Chart({ result, kind, onKind, onDrawn }: ChartProps) {
  const { t } = useTranslation("data_pages");
  const charts = useAsk("data.chart", { result });
  return (
    <Faces of={charts} isEmpty={(data) => data.charts.length === 0} empty={<EmptyState icon={IconChartBar} title={t("chart.none")}>{charts.data?.why}</EmptyState>}>
      {(data) => {
        const shown = data.charts.find((each) => each.kind === kind) ?? data.charts[0];
        return shown === undefined ? null : <Shown key={shown.kind} chart={shown} all={data.charts} onKind={onKind} {...(onDrawn === undefined ? {} : { onDrawn })} />;
      }}
    </Faces>
  );
}

interface ShownProps {
  readonly chart: DataChartSpec;
  readonly all: readonly DataChartSpec[];
  readonly onKind: (kind: ChartKind) => void;
  readonly onDrawn?: () => void;
}

function Shown({ chart, all, onKind, onDrawn }: ShownProps) {
  const { t } = useTranslation("data_pages");
  const deeds = useDeeds();
  const narrow = useNarrow(48);
  const [drawn, setDrawn] = useState<Drawn | null>(null);
  const kinds = [...new Set(all.map((each) => each.kind))].map((value) => ({ value, label: t(`chart.kind.${value}`) }));
  const save = (form: "png" | "svg") =>
    void deeds.attempt(async () => {
      if (drawn !== null) deeds.saveBlob(await drawn[form](), `${chart.title.replace(/[^\p{L}\p{N} ._-]+/gu, "").slice(0, 80) || "chart"}.${form}`);
    });
  return (
    <section className="q-chart" aria-label={t("chart.title")}>
      <div className="g-row">
        {kinds.length < 2 ? null : narrow || kinds.length > MOST_SEGMENTS ? (
          <Select aria-label={t("chart.kinds")} data={kinds} value={chart.kind} allowDeselect={false} onChange={(value) => value !== null && onKind(value as ChartKind)} />
        ) : (
          <SegmentedControl aria-label={t("chart.kinds")} data={kinds} value={chart.kind} onChange={(value) => onKind(value as ChartKind)} />
        )}
        <span className="g-grow" />
        {chart.kind !== "figure" && (
          <Menu position="bottom-end">
            <Menu.Target>
              <Button size="xs" variant="default" disabled={drawn === null} leftSection={<IconDownload size={15} aria-hidden />}>
                {t("chart.save")}
              </Button>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item onClick={() => save("png")}>{t("chart.png")}</Menu.Item>
              <Menu.Item onClick={() => save("svg")}>{t("chart.svg")}</Menu.Item>
            </Menu.Dropdown>
          </Menu>
        )}
      </div>
      <Picture chart={chart} onDrawn={setDrawn} {...(onDrawn === undefined ? {} : { onShown: onDrawn })} />
      <Why chart={chart} />
    </section>
  );
}

function Why({ chart }: { readonly chart: DataChartSpec }) {
  const { t } = useTranslation("data_pages");
  const format = useFormat();
  return (
    <p className="q-note">
      {chart.why} {chart.sampled !== null && <strong>{t("chart.sampled", { shown: format.number(chart.data.length), all: format.number(chart.sampled) })}</strong>}
    </p>
  );
}

export interface PictureProps {
  readonly chart: DataChartSpec;
  readonly height?: string;
  readonly onDrawn?: (drawn: Drawn | null) => void;
  readonly onShown?: () => void;
}

/** The chart itself: a figure in words, everything else by Vega; drawn anew when the look or the width changes. */
export function Picture({ chart, height = HEIGHT, onDrawn, onShown }: PictureProps) {
  const { t } = useTranslation("data_pages");
  const format = useFormat();
  const host = useRef<HTMLDivElement>(null);
  const [problem, setProblem] = useState<unknown>(null);
  const look = useLookChange();
  const width = useWidth(host);
  const tell = useRef({ onDrawn, onShown });
  tell.current = { onDrawn, onShown };
  const figure = chart.kind === "figure";
  useEffect(() => {
    const element = host.current;
    if (figure) tell.current.onShown?.();
    if (element === null || figure || width === 0) return;
    let drawn: Drawn | null = null;
    let gone = false;
    const said = `${t(`chart.kind.${chart.kind}`)}: ${chart.title}`;
    void (async () => {
      try {
        const { draw, lookOf } = await import("./vega");
        if (gone) return;
        drawn = await draw(element, chart, lookOf(document.documentElement), said);
        if (gone) drawn.end();
        else {
          setProblem(null);
          tell.current.onDrawn?.(drawn);
          tell.current.onShown?.();
        }
      } catch (error) {
        if (!gone) setProblem(error);
      }
    })();
    return () => {
      gone = true;
      drawn?.end();
      element.replaceChildren();
      tell.current.onDrawn?.(null);
    };
  }, [chart, figure, look, t, width]);
  if (figure) {
    const value = Object.values(chart.data[0] ?? {})[0];
    return (
      <p className="q-big" aria-label={chart.title}>
        <strong>{typeof value === "number" ? format.number(value, 4) : String(value ?? "∅")}</strong>
        <span>{chart.title}</span>
      </p>
    );
  }
  return (
    <>
      {problem !== null && <ErrorCard error={problem} title={t("chart.failed")} />}
      <h3 className="q-chart-title">{chart.title}</h3>
      <div ref={host} className="q-picture" style={{ blockSize: height }} />
    </>
  );
}

/** Changes when the page's colours or sizes do. */
function useLookChange(): number {
  const [look, setLook] = useState(0);
  useEffect(() => {
    const observer = new MutationObserver(() => setLook((before) => before + 1));
    observer.observe(document.documentElement, { attributes: true, attributeFilter: ["data-mantine-color-scheme", "style", "lang"] });
    return () => observer.disconnect();
  }, []);
  return look;
}

const SETTLED = 120; // milliseconds without a change of width, after which it is drawn anew

function useWidth(host: React.RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const element = host.current;
    if (element === null) return;
    setWidth(element.clientWidth);
    let timer = 0;
    const observer = new ResizeObserver(() => {
      clearTimeout(timer);
      timer = window.setTimeout(() => setWidth(element.clientWidth), SETTLED);
    });
    observer.observe(element);
    return () => {
      clearTimeout(timer);
      observer.disconnect();
    };
  }, [host]);
  return width;
}
