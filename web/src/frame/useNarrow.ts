// Whether the page is narrower than so many rem: as the container queries of frame.css see it, large text included.

import { useSyncExternalStore } from "react";

const rem = (): number => parseFloat(getComputedStyle(document.documentElement).fontSize) || 16;

function listen(changed: () => void): () => void {
  const observer = new ResizeObserver(changed);
  observer.observe(document.documentElement);
  const restyled = new MutationObserver(changed);
  restyled.observe(document.documentElement, { attributes: true, attributeFilter: ["style"] });
  return () => {
    observer.disconnect();
    restyled.disconnect();
  };
}

export const useNarrow = (rems: number): boolean =>
  useSyncExternalStore(listen, () => document.documentElement.clientWidth < rems * rem());
