// A list of any length: only what is seen is drawn, rows may be of any height, arrows move between rows.
//
// The list itself scrolls and fills its parent, which has to have a height. With `remember` it comes back to where
// it was. One row is in the tab order; what is in that row comes after it.

import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef, useState, type KeyboardEvent, type ReactNode } from "react";

import { inText } from "./keys";
import { recall, remember } from "./remembered";

export interface VirtualListProps<T> {
  readonly items: readonly T[];
  readonly keyOf: (item: T) => string | number;
  readonly render: (item: T, index: number) => ReactNode;
  /** What the list holds, for who does not see it. */
  readonly label: string;
  /** The height of a row, in pixels, until it is measured. */
  readonly estimate?: number;
  /** Enter on a row. */
  readonly onOpen?: (item: T) => void;
  /** Under this name the place is kept. */
  readonly remember?: string;
  /** Called when the end comes near: have more fetched. */
  readonly onEnd?: () => void;
  /** Stay at the end while things are added, as a log does. */
  readonly follow?: boolean;
}

/** See the module. */
export function VirtualList<T>(props: VirtualListProps<T>) {
  const { items, keyOf, render, label, estimate = 56, onOpen, remember: place, onEnd, follow = false } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const [current, setCurrent] = useState(0);
  const start = useRef(place === undefined ? 0 : recall(`scroll.${place}`, 0));
  const list = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => estimate,
    getItemKey: (index) => {
      const item = items[index];
      return item === undefined ? index : keyOf(item);
    },
    overscan: 6,
    initialOffset: start.current,
  });
  const rows = list.getVirtualItems();
  const last = rows.at(-1)?.index ?? 0;
  useEffect(() => {
    if (items.length > 0 && last >= items.length - 10) onEnd?.();
  }, [items.length, last, onEnd]);
  useEffect(() => {
    if (follow && items.length > 0) list.scrollToIndex(items.length - 1, { align: "end" });
  }, [follow, items.length, list]);
  useEffect(() => {
    const element = scroller.current;
    if (place === undefined || element === null) return;
    let timer = 0;
    const keep = () => {
      clearTimeout(timer);
      timer = window.setTimeout(() => remember(`scroll.${place}`, Math.round(element.scrollTop)), 200);
    };
    element.addEventListener("scroll", keep, { passive: true });
    return () => {
      clearTimeout(timer);
      element.removeEventListener("scroll", keep);
    };
  }, [place]);

  const move = (to: number) => {
    const index = Math.max(0, Math.min(items.length - 1, to));
    setCurrent(index);
    list.scrollToIndex(index);
    requestAnimationFrame(() => scroller.current?.querySelector<HTMLElement>(`[data-index="${index}"]`)?.focus());
  };
  const press = (event: KeyboardEvent) => {
    if (inText(event.target) || event.ctrlKey || event.altKey || event.metaKey) return;
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / estimate) - 1);
    const to = { ArrowDown: current + 1, ArrowUp: current - 1, PageDown: current + page, PageUp: current - page, Home: 0, End: items.length - 1 }[event.key];
    const item = items[current];
    if (to !== undefined) move(to);
    else if (event.key === "Enter" && item !== undefined && event.target instanceof HTMLElement && event.target.dataset["index"] !== undefined) {
      if (onOpen !== undefined) onOpen(item);
      else event.target.querySelector("button")?.click(); // what a click on the row does
    } else return;
    event.preventDefault();
  };
  const tabbable = Math.min(current, items.length - 1);
  const seen = rows.some((row) => row.index === tabbable);
  return (
    <div ref={scroller} className="g-list" role="list" aria-label={label} onKeyDown={press}>
      <div style={{ blockSize: list.getTotalSize(), position: "relative" }}>
        {rows.map((row, order) => {
          const item = items[row.index];
          if (item === undefined) return null;
          return (
            <div
              key={row.key}
              ref={list.measureElement}
              data-index={row.index}
              role="listitem"
              aria-setsize={items.length}
              aria-posinset={row.index + 1}
              // A row takes the focus so that arrows can walk through the list.
              tabIndex={row.index === tabbable || (!seen && order === 0) ? 0 : -1}
              onFocus={() => setCurrent(row.index)}
              className="g-list-row"
              style={{ transform: `translateY(${row.start}px)` }}
            >
              {render(item, row.index)}
            </div>
          );
        })}
      </div>
    </div>
  );
}
