// A moment as "3 minutes ago", exact on hover, kept true by a timer that fires when it may read differently.

import { useEffect, useReducer } from "react";
import { useTranslation } from "react-i18next";

import { exact, relative, staleAfter } from "./time";

export interface RelativeTimeProps {
  /** Seconds since 1970, as the house has them. */
  readonly at: number;
  readonly className?: string;
}

/** See the module. */
export function RelativeTime({ at, className }: RelativeTimeProps) {
  const { i18n } = useTranslation();
  const [round, again] = useReducer((count: number) => count + 1, 0);
  const now = Date.now() / 1000;
  useEffect(() => {
    const timer = setTimeout(again, 1000 * staleAfter(at, Date.now() / 1000));
    return () => clearTimeout(timer);
  }, [at, round]);
  return (
    <time className={className} dateTime={new Date(1000 * at).toISOString()} title={exact(at, i18n.language)}>
      {relative(at, now, i18n.language)}
    </time>
  );
}
