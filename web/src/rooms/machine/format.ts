// Numbers and times as a person reads them, in the page's language.

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"] as const;

/** Bytes with a binary unit (IEC 80000-13): three digits at most before the unit changes. */
export function size(bytes: number, language: string): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(value)} ${UNITS[unit]}`;
}

/** Seconds as two units at most: 3 h 12 min, 4 min 5 s, 0.8 s. */
export function span(seconds: number, language: string): string {
  const whole = (value: number, unit: "day" | "hour" | "minute" | "second", digits = 0) =>
    new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "narrow", maximumFractionDigits: digits }).format(value);
  if (seconds < 10) return whole(seconds, "second", 1);
  if (seconds < 60) return whole(Math.round(seconds), "second");
  const parts = [
    ["day", Math.floor(seconds / 86_400)],
    ["hour", Math.floor(seconds / 3_600) % 24],
    ["minute", Math.floor(seconds / 60) % 60],
    ["second", Math.floor(seconds) % 60],
  ] as const;
  const first = parts.findIndex(([, value]) => value > 0);
  return parts
    .slice(first, first + 2)
    .filter(([, value]) => value > 0)
    .map(([unit, value]) => whole(value, unit))
    .join(" ");
}

/** Milliseconds with as many digits as say something. */
export function milliseconds(value: number, language: string): string {
  const digits = value < 1 ? 2 : value < 100 ? 1 : 0;
  return `${new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(value)} ms`;
}

/** The exact moment: date and time to the second. */
export function exact(at: number, language: string): string {
  return new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "medium" }).format(at * 1000);
}

/** The time of day with thousandths, for lines of a log. */
export function clock(at: number, language: string): string {
  return new Intl.DateTimeFormat(language, {
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    fractionalSecondDigits: 3,
    hour12: false,
  }).format(at * 1000);
}
