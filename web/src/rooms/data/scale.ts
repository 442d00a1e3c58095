// A list that is taller than a browser can make anything: what is scrolled is shorter, and each pixel of it more.

import { elementScroll, observeElementOffset, type Virtualizer } from "@tanstack/react-virtual";

/** Pixels. Browsers cut boxes at 17 to 33 million. */
export const TALLEST = 15_000_000;

export interface Scale {
  /** The height of what is scrolled. */
  readonly height: number;
  /** How many pixels of the list one pixel of the scroller stands for. */
  readonly ratio: number;
}

/** Pure. `seen` is the height of what is seen of it. */
export function scaleOf(whole: number, seen: number, tallest = TALLEST): Scale {
  if (whole <= tallest || tallest <= seen) return { height: whole, ratio: 1 };
  return { height: tallest, ratio: (whole - seen) / (tallest - seen) };
}

type List = Virtualizer<HTMLDivElement, Element>;

/** How a virtualiser reads and sets the place of such a list. */
export const scaled = (ratio: () => number) => ({
  observeElementOffset: (list: List, tell: (offset: number, scrolling: boolean) => void) =>
    observeElementOffset(list, (offset, scrolling) => tell(offset * ratio(), scrolling)),
  scrollToFn: (offset: number, options: Parameters<typeof elementScroll>[1], list: List) => elementScroll(offset / ratio(), options, list),
});
