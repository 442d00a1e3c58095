// The rows of an answer as a table of any length: only what is seen is drawn and fetched.
//
// Headings sort by a click and have a menu (sort, filter, pin, at a glance). Cells are chosen by pointer or keys and
// copied as tab-separated text; Enter shows a cell whole. One element has the focus and says which cell is meant.

import { ActionIcon, Button, Menu, UnstyledButton } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconDotsVertical, IconPin } from "@tabler/icons-react";
import { useVirtualizer } from "@tanstack/react-virtual";
import { memo, useCallback, useEffect, useId, useMemo, useRef, useState, useSyncExternalStore, type KeyboardEvent, type PointerEvent } from "react";
import { useTranslation } from "react-i18next";

import { Dialog } from "../../frame/Dialog";
import { ErrorCard } from "../../frame/ErrorCard";
import { useFormat } from "../../frame/format";
import { toasts } from "../../frame/toasts";
import type { DataResultColumn, DataSortInput } from "../../protocol/contracts";
import { isFigure, standing, widths, type Standing } from "./columns";
import { useDeeds } from "./deeds";
import type { Cells, Rows } from "./rows";
import { scaled, scaleOf } from "./scale";
import { asTsv, FIRST, holds, moved, rectangle, textOf, type Rectangle, type Selection } from "./selection";

const ROW_REM = 1.875;
const MOST_COPIED = 100_000; // rows
const SAMPLED = 60;
const SCROLLBAR = 18; // pixels

export interface GridProps {
  readonly label: string;
  readonly columns: readonly DataResultColumn[];
  readonly rows: Rows;
  readonly sort: DataSortInput | null;
  readonly onSort: (sort: DataSortInput | null) => void;
  readonly pinned: readonly string[];
  readonly onPin: (column: string) => void;
  readonly onFilter?: (column: string) => void;
  readonly onGlance?: (column: string) => void;
  /** The first rows are drawn. */
  readonly onDrawn?: () => void;
}

export const remPixels = (): number => parseFloat(getComputedStyle(document.documentElement).fontSize) || 16;

/** See the module. */
export function Grid(props: GridProps) {
  const { label, columns, rows, sort, onSort, pinned, onPin, onFilter, onGlance, onDrawn } = props;
  const { t } = useTranslation("data_pages");
  const format = useFormat();
  const id = useId();
  const version = useSyncExternalStore(rows.listen, rows.state);
  const scroller = useRef<HTMLDivElement>(null);
  const rem = remPixels();
  const height = Math.round(ROW_REM * rem);
  const [selection, select] = useState<Selection>(FIRST);
  const [whole, showWhole] = useState<{ readonly column: string; readonly text: string } | null>(null);

  const begun = rows.at(0) !== undefined;
  const stand = useMemo(() => {
    const sample = Array.from({ length: SAMPLED }, (_, index) => rows.at(index)).filter((each): each is Cells => each !== undefined);
    return standing(columns, widths(columns, sample), pinned, rem);
    // Widths are of the first rows; they stay as they are when more come.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [columns, rows, pinned, rem, begun]);
  const fixed = useMemo(() => stand.filter((each) => each.pinned), [stand]);
  const loose = useMemo(() => stand.filter((each) => !each.pinned), [stand]);
  const fixedWidth = fixed.reduce((sum, each) => sum + each.width, 0);
  const width = stand.reduce((sum, each) => sum + each.width, 0);

  const seen = scroller.current?.clientHeight ?? 600;
  const scale = scaleOf(rows.total * height, seen - height);
  const ratio = useRef(1);
  ratio.current = scale.ratio;
  const ways = useMemo(() => scaled(() => ratio.current), []);
  const list = useVirtualizer<HTMLDivElement, Element>({
    count: rows.total,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    overscan: 8,
    scrollPaddingStart: height,
    ...ways,
  });
  const across = useVirtualizer<HTMLDivElement, Element>({
    horizontal: true,
    count: loose.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => loose[index]?.width ?? 80,
    paddingStart: fixedWidth,
    scrollPaddingStart: fixedWidth,
    overscan: 3,
  });
  useEffect(() => across.measure(), [across, loose]);
  useEffect(() => list.measure(), [list, height]);

  const lines = list.getVirtualItems();
  const [first, last] = [lines[0]?.index ?? 0, lines.at(-1)?.index ?? 40];
  useEffect(() => rows.want(first, last), [rows, first, last, version]);
  const drawn = useRef<Rows | null>(null);
  useEffect(() => {
    if (drawn.current === rows || !(begun || (version > 0 && rows.total === 0))) return;
    drawn.current = rows;
    requestAnimationFrame(() => onDrawn?.());
  }, [rows, version, begun, onDrawn]);

  const shown = across.getVirtualItems();
  const [from, to] = [shown[0]?.index ?? 0, shown.at(-1)?.index ?? Math.min(loose.length, 30) - 1];
  const inSight = useMemo(() => [...fixed, ...loose.slice(from, to + 1)], [fixed, loose, from, to]);
  const shift = scale.ratio === 1 ? 0 : (list.scrollOffset ?? 0) * (1 / scale.ratio - 1);
  const chosen = rectangle(selection);

  const copy = useCopy(rows, stand, chosen);
  const press = (event: KeyboardEvent) => {
    if (event.target !== scroller.current || event.altKey) return;
    const key = { key: event.key, shiftKey: event.shiftKey, ctrlKey: event.ctrlKey || event.metaKey };
    if (key.ctrlKey && key.key.toLowerCase() === "c") copy(false);
    else if (key.key === "Enter") {
      const place = stand[selection.to.column];
      const cells = rows.at(selection.to.row);
      if (place !== undefined && cells !== undefined) showWhole({ column: place.column.name, text: textOf(cells[place.at]) });
    } else {
      const next = moved(selection, key, { rows: rows.total, columns: stand.length }, Math.max(1, Math.floor(seen / height) - 2));
      if (next === null) return;
      select(next);
      if (key.key.toLowerCase() !== "a") {
        list.scrollToIndex(next.to.row);
        if (next.to.column >= fixed.length) across.scrollToIndex(next.to.column - fixed.length);
      }
    }
    event.preventDefault();
    event.stopPropagation();
  };
  const pointed = useCallback((event: PointerEvent): Selection["to"] | null => {
    const cell = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-cell]") : null;
    const [row, column] = (cell?.dataset["cell"] ?? "").split(":").map(Number);
    return row === undefined || column === undefined || cell === null ? null : { row, column };
  }, []);
  const down = (event: PointerEvent) => {
    const there = event.button === 0 ? pointed(event) : null;
    if (there !== null) select(event.shiftKey ? { from: selection.from, to: there } : { from: there, to: there });
  };
  const over = (event: PointerEvent) => {
    if (event.buttons !== 1) return;
    const there = pointed(event);
    if (there !== null && (there.row !== selection.to.row || there.column !== selection.to.column)) select({ from: selection.from, to: there });
  };
  const count = (chosen.bottom - chosen.top + 1) * (chosen.end - chosen.start + 1);
  return (
    <div className="q-grid-box">
      {rows.error !== null && <ErrorCard error={rows.error} onRetry={() => rows.retry()} />}
      <div
        ref={scroller}
        className="q-grid"
        role="grid"
        aria-label={label}
        aria-rowcount={rows.total + 1}
        aria-colcount={stand.length}
        aria-multiselectable
        aria-activedescendant={`${id}-${selection.to.row}-${selection.to.column}`}
        tabIndex={0}
        onKeyDown={press}
        onPointerDown={down}
        onPointerMove={over}
        style={{ "--q-rows": `${(rows.total + 1) * height + SCROLLBAR}px` } as React.CSSProperties}
        onDoubleClick={() => scroller.current?.dispatchEvent(new window.KeyboardEvent("keydown", { key: "Enter", bubbles: true }))}
      >
        <div style={{ inlineSize: width, minInlineSize: "100%", blockSize: scale.height + height, position: "relative" }}>
          <div className="q-grid-head" role="row" aria-rowindex={1} style={{ blockSize: height, inlineSize: width, minInlineSize: "100%" }}>
            {inSight.map((each) => (
              <Head key={each.at} place={each} index={stand.indexOf(each)} sort={sort} onSort={onSort} onPin={onPin} onFilter={onFilter} onGlance={onGlance} />
            ))}
          </div>
          {/* One box moves with the scale, so that rows which stay are not drawn again. */}
          <div className="q-grid-rows" style={{ transform: `translateY(${height + shift}px)` }}>
            {lines.map((line) => (
              <Row
                key={line.index}
                id={id}
                index={line.index}
                top={line.start}
                height={height}
                width={width}
                cells={rows.at(line.index)}
                places={inSight}
                order={stand}
                chosen={line.index >= chosen.top && line.index <= chosen.bottom ? chosen : null}
                current={line.index === selection.to.row ? selection.to.column : -1}
              />
            ))}
          </div>
        </div>
      </div>
      <div className="q-grid-foot">
        <span role="status">
          {count > 1
            ? t("table.chosen", { rows: format.number(chosen.bottom - chosen.top + 1), columns: chosen.end - chosen.start + 1 })
            : t("table.rows", { count: rows.total, number: format.number(rows.total) })}
        </span>
        <span className="g-grow" />
        <Button size="compact-xs" variant="default" onClick={() => copy(true)} disabled={rows.total === 0}>
          {t(count > 1 ? "table.copy" : "table.copy_cell")}
        </Button>
      </div>
      <Dialog opened={whole !== null} onClose={() => showWhole(null)} title={whole?.column ?? ""} size="lg">
        <pre className="q-whole">{whole?.text === "" ? t("table.nothing") : whole?.text}</pre>
      </Dialog>
    </div>
  );
}

/** Copy what is chosen, with its headings where asked for and where it is more than a cell. */
function useCopy(rows: Rows, stand: readonly Standing[], chosen: Rectangle): (heads: boolean) => void {
  const { t } = useTranslation("data_pages");
  const format = useFormat();
  const deeds = useDeeds();
  return (heads) =>
    void deeds.attempt(async () => {
      const places = stand.slice(chosen.start, chosen.end + 1);
      const found = await rows.range(chosen.top, chosen.bottom, MOST_COPIED);
      const single = found.length * places.length === 1;
      const text = asTsv(found, places.map((each) => each.at), heads && !single ? places.map((each) => each.column.name) : []);
      const all = found.length === chosen.bottom - chosen.top + 1;
      if (!all) toasts.say(t("table.copied_first", { number: format.number(found.length) }));
      await deeds.copy(single ? text.replace(/^"([^]*)"$/, (_, inner: string) => inner.replaceAll('""', '"')) : text, t("table.copied", { count: found.length, number: format.number(found.length) }));
    });
}

interface HeadProps {
  readonly place: Standing;
  readonly index: number;
  readonly sort: DataSortInput | null;
  readonly onSort: (sort: DataSortInput | null) => void;
  readonly onPin: (column: string) => void;
  readonly onFilter: ((column: string) => void) | undefined;
  readonly onGlance: ((column: string) => void) | undefined;
}

/** Drawn anew only when it changes: scrolling would otherwise draw every menu again. */
const Head = memo(function Head({ place, index, sort, onSort, onPin, onFilter, onGlance }: HeadProps) {
  const { t } = useTranslation("data_pages");
  const { name, type, unit } = place.column;
  const order = sort?.column === name ? (sort.descending === true ? "descending" : "ascending") : undefined;
  const next = order === undefined ? { column: name, descending: false } : order === "ascending" ? { column: name, descending: true } : null;
  return (
    <div
      className="q-head"
      role="columnheader"
      aria-colindex={index + 1}
      aria-sort={order}
      data-pinned={place.pinned || undefined}
      style={{ inlineSize: place.width, insetInlineStart: place.start }}
    >
      <UnstyledButton className="q-head-name" data-figure={isFigure(place.column) || undefined} onClick={() => onSort(next)} title={unit === "" ? type : `${type}, ${unit}`}>
        {place.pinned && <IconPin size={12} aria-label={t("table.pinned")} />}
        <span>{name}</span>
        {order === "ascending" && <IconArrowUp size={13} aria-hidden />}
        {order === "descending" && <IconArrowDown size={13} aria-hidden />}
      </UnstyledButton>
      <Menu position="bottom-end" withinPortal>
        <Menu.Target>
          <ActionIcon size="sm" aria-label={t("table.menu", { column: name })}>
            <IconDotsVertical size={14} aria-hidden />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => onSort({ column: name, descending: false })}>{t("table.ascending")}</Menu.Item>
          <Menu.Item onClick={() => onSort({ column: name, descending: true })}>{t("table.descending")}</Menu.Item>
          {order !== undefined && <Menu.Item onClick={() => onSort(null)}>{t("table.unsorted")}</Menu.Item>}
          {onFilter !== undefined && <Menu.Item onClick={() => onFilter(name)}>{t("table.filter")}</Menu.Item>}
          <Menu.Item onClick={() => onPin(name)}>{t(place.pinned ? "table.unpin" : "table.pin")}</Menu.Item>
          {onGlance !== undefined && <Menu.Item onClick={() => onGlance(name)}>{t("table.glance")}</Menu.Item>}
        </Menu.Dropdown>
      </Menu>
    </div>
  );
});

interface RowProps {
  readonly id: string;
  readonly index: number;
  readonly top: number;
  readonly height: number;
  readonly width: number;
  readonly cells: Cells | undefined;
  readonly places: readonly Standing[];
  readonly order: readonly Standing[];
  readonly chosen: Rectangle | null;
  /** The column of the cell that has the focus; -1: it is in another row. */
  readonly current: number;
}

const Row = memo(function Row({ id, index, top, height, width, cells, places, order, chosen, current }: RowProps) {
  return (
    <div
      className="q-grid-row"
      role="row"
      aria-rowindex={index + 2}
      aria-busy={cells === undefined || undefined}
      data-odd={index % 2 === 1 || undefined}
      style={{ transform: `translateY(${top}px)`, blockSize: height, inlineSize: width, minInlineSize: "100%" }}
    >
      {places.map((place) => {
        const column = order.indexOf(place);
        const cell = cells?.[place.at];
        const picked = chosen !== null && holds(chosen, index, column);
        return (
          <div
            key={place.at}
            id={`${id}-${index}-${column}`}
            role="gridcell"
            className="q-cell"
            aria-colindex={column + 1}
            aria-selected={picked}
            data-cell={`${index}:${column}`}
            data-current={current === column || undefined}
            data-pinned={place.pinned || undefined}
            data-figure={isFigure(place.column) || undefined}
            data-none={(cells !== undefined && cell === null) || undefined}
            style={{ inlineSize: place.width, insetInlineStart: place.start }}
          >
            {cells === undefined ? <span className="q-waiting" aria-hidden /> : cell === null ? "∅" : textOf(cell).slice(0, 300)}
          </div>
        );
      })}
    </div>
  );
});
