// Rows that stand for what is loading, after 150 ms: what comes sooner comes without a flicker.

import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";

const PATIENCE = 150; // milliseconds; interface rule 18

/** True once `waiting` has lasted 150 ms. */
export function useLate(waiting: boolean): boolean {
  const [late, setLate] = useState(false);
  useEffect(() => {
    if (!waiting) return;
    const timer = setTimeout(() => setLate(true), PATIENCE);
    return () => {
      clearTimeout(timer);
      setLate(false);
    };
  }, [waiting]);
  return waiting && late;
}

export interface SkeletonRowsProps {
  readonly rows?: number;
  /** Of one row, in rem. */
  readonly height?: number;
}

const WIDTHS = ["62%", "84%", "47%", "71%"];

/** See the module. */
export function SkeletonRows({ rows = 4, height = 2.75 }: SkeletonRowsProps) {
  const { t } = useTranslation();
  const late = useLate(true);
  return (
    <div className="g-skeleton" role="status" aria-busy="true" data-late={late || undefined}>
      <span className="g-hidden">{late ? t("loading") : ""}</span>
      {Array.from({ length: rows }, (_, index) => (
        <div key={index} className="g-skeleton-row" style={{ blockSize: `${height}rem` }} aria-hidden>
          <span style={{ inlineSize: WIDTHS[index % WIDTHS.length] }} />
        </div>
      ))}
    </div>
  );
}
