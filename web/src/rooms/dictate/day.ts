// Days and spans of days as filters ask for them, in the person's own time zone. Pure, but for `useToday`.

import { useEffect, useState } from "react";

/** The beginning of the day that a moment is in, in seconds since 1970; `days` later where given. */
export function dayOf(milliseconds: number, days = 0): number {
  const date = new Date(milliseconds);
  return new Date(date.getFullYear(), date.getMonth(), date.getDate() + days).getTime() / 1000;
}

/** A day as date fields write it (2026-11-28), as its beginning in seconds; 0 where it is none. */
export function dayFrom(text: string, days = 0): number {
  const found = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (found === null) return 0;
  return new Date(Number(found[1]), Number(found[2]) - 1, Number(found[3]) + days).getTime() / 1000;
}

/** The beginning of today; another one after midnight. */
export function useToday(): number {
  const [today, set] = useState(() => dayOf(Date.now()));
  useEffect(() => {
    const timer = setTimeout(() => set(dayOf(Date.now())), 1000 * dayOf(Date.now(), 1) - Date.now() + 50);
    return () => clearTimeout(timer);
  }, [today]);
  return today;
}
