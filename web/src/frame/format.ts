// Numbers, sizes and lengths of time in the language of the page. Pure, but for `useFormat`, which knows the language.

import { useMemo } from "react";
import { useTranslation } from "react-i18next";

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"] as const;

/** Bytes as people read them: three digits that count, binary units. */
export function size(bytes: number, language: string): string {
  let value = Math.abs(bytes);
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  const text = new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(bytes < 0 ? -value : value);
  return `${text}\u00a0${UNITS[unit] ?? "B"}`;
}

/** A length of time as a clock shows it: 0:07, 12:30, 1:02:03. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (part: number) => String(part).padStart(2, "0");
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** A span as a figure with its unit: 12 ms, 3.4 s, 5 min, 2 hr. */
export function span(seconds: number, language: string): string {
  const say = (value: number, unit: string, digits: number) =>
    new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "short", maximumFractionDigits: digits }).format(value);
  if (seconds < 0.9995) return say(1000 * seconds, "millisecond", seconds < 0.00995 ? 1 : 0);
  if (seconds < 59.95) return say(seconds, "second", seconds < 9.95 ? 1 : 0);
  if (seconds < 3600) return say(seconds / 60, "minute", 0);
  return seconds < 86_400 ? say(seconds / 3600, "hour", 1) : say(seconds / 86_400, "day", 1);
}

export interface Format {
  number(value: number, digits?: number): string;
  /** A share of 1 as per cent. */
  percent(share: number): string;
  size(bytes: number): string;
  span(seconds: number): string;
  clock(seconds: number): string;
  /** Several things as a list: a, b and c. */
  list(things: readonly string[]): string;
}

/** How the page writes numbers, in its language. */
export function useFormat(): Format {
  const { i18n } = useTranslation();
  const language = i18n.language;
  return useMemo(
    () => ({
      number: (value, digits = 0) => new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(value),
      percent: (share) => new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 0 }).format(share),
      size: (bytes) => size(bytes, language),
      span: (seconds) => span(seconds, language),
      clock,
      list: (things) => new Intl.ListFormat(language, { type: "conjunction" }).format(things),
    }),
    [language],
  );
}
