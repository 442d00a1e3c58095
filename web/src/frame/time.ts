// Moments as people say them: "3 minutes ago", "yesterday", a date. Pure; seconds since 1970 as the house has them.

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const calendarDay = (seconds: number): number => {
  const date = new Date(1000 * seconds);
  return Math.round(Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) / (1000 * DAY));
};

/** How long ago `then` was; within the hour in minutes, today in hours, this week in days, else the date. */
export function relative(then: number, now: number, language: string): string {
  const words = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  const past = now - then;
  const size = Math.abs(past);
  const sign = past < 0 ? 1 : -1;
  if (size < 45) return words.format(0, "second");
  if (size < HOUR) return words.format(sign * Math.max(1, Math.round(size / MINUTE)), "minute");
  const days = calendarDay(then) - calendarDay(now);
  if (days === 0 || size < 6 * HOUR) return words.format(sign * Math.round(size / HOUR), "hour");
  if (Math.abs(days) < 7) return words.format(days, "day");
  const year = new Date(1000 * then).getFullYear() === new Date(1000 * now).getFullYear();
  return new Intl.DateTimeFormat(language, {
    day: "numeric",
    month: "short",
    ...(year ? {} : { year: "numeric" }),
  }).format(1000 * then);
}

/** The moment to the second, with its weekday and zone. */
export function exact(then: number, language: string): string {
  return new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "long" }).format(1000 * then);
}

/** After how many seconds `relative` may say something else. */
export function staleAfter(then: number, now: number): number {
  const size = Math.abs(now - then);
  if (size < 45) return Math.max(1, 45 - size);
  return size < HOUR ? 30 : 10 * MINUTE;
}
