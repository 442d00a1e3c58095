// How this room writes milliseconds and moments of a log.

import { span } from "../../frame/format";

/** Milliseconds with as many digits as say something; from a second on as other spans. */
export function milliseconds(value: number, language: string): string {
  if (value >= 999.5) return span(value / 1000, language);
  const digits = value < 1 ? 2 : value < 100 ? 1 : 0;
  return `${new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(value)} ms`;
}

const clocks = new Map<string, Intl.DateTimeFormat>();

/** The time of day with thousandths. A format is made once for each language: a log asks for hundreds a second. */
export function timeOfDay(at: number, language: string): string {
  let clock = clocks.get(language);
  if (clock === undefined) {
    clock = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3, hour12: false });
    clocks.set(language, clock);
  }
  return clock.format(at * 1000);
}
