import { describe, expect, it } from "vitest";

import { clock, size, span } from "../src/frame/format";
import { exact, relative, staleAfter } from "../src/frame/time";

const at = (text: string) => new Date(text).getTime() / 1000;
const NOON = at("2026-05-20T12:00:00");

describe("a moment", () => {
  it.each([
    [NOON - 10, "now"],
    [NOON + 3, "now"],
    [NOON - 50, "1 minute ago"],
    [NOON - 59 * 60, "59 minutes ago"],
    [NOON - 3 * 3600, "3 hours ago"],
    [NOON + 2 * 3600, "in 2 hours"],
    [at("2026-05-19T13:00:00"), "yesterday"],
    [at("2026-05-16T23:00:00"), "4 days ago"],
    [at("2026-05-01T08:00:00"), "May 1"],
    [at("2025-12-24T18:00:00"), "Dec 24, 2025"],
  ])("%d is %s", (then, said) => expect(relative(then, NOON, "en")).toBe(said));

  it("just before midnight is hours ago, not yesterday, for a while", () => {
    expect(relative(at("2026-05-19T23:30:00"), at("2026-05-20T01:30:00"), "en")).toBe("2 hours ago");
  });

  it("is said in the page's language", () => {
    expect(relative(NOON - 600, NOON, "de")).toBe("vor 10 Minuten");
    expect(exact(NOON, "de")).toContain("20. Mai 2026");
  });

  it("is looked at again before it reads differently", () => {
    let now = NOON;
    let said = relative(NOON, now, "en");
    for (let steps = 0; steps < 400; steps += 1) {
      const next = staleAfter(NOON, now);
      // Half a second before the next look at least as late as a minute: what is said is never a whole unit behind.
      expect(next).toBeGreaterThan(0);
      now += next;
      said = relative(NOON, now, "en");
    }
    expect(said).not.toBe("now");
    expect(staleAfter(NOON, NOON + 10)).toBeLessThanOrEqual(35);
    expect(staleAfter(NOON, NOON + 600)).toBeLessThanOrEqual(60);
  });
});

describe("figures", () => {
  it.each([
    [0, "0 B"],
    [999, "999 B"],
    [1000, "0.98 KiB"],
    [1536, "1.5 KiB"],
    [10 * 1024, "10 KiB"],
    [1024 * 1024 - 1, "1 MiB"],
    [123 * 1024 * 1024, "123 MiB"],
    [3.21 * 1024 ** 3, "3.21 GiB"],
    [-2048, "-2 KiB"],
  ])("%d bytes are %s", (bytes, said) => expect(size(bytes, "en").replace("\u00a0", " ")).toBe(said));

  it("are written as the language has them", () => expect(size(1536, "de").replace("\u00a0", " ")).toBe("1,5 KiB"));

  it.each([
    [0, "0:00"],
    [7.9, "0:07"],
    [750, "12:30"],
    [3723, "1:02:03"],
    [-1, "0:00"],
  ])("%d s on a clock are %s", (seconds, said) => expect(clock(seconds)).toBe(said));

  it.each([
    [0.0014, "1.4 ms"],
    [0.25, "250 ms"],
    [3.42, "3.4 sec"],
    [42, "42 sec"],
    [300, "5 min"],
    [5400, "1.5 hr"],
    [172_800, "2 days"],
  ])("%d s are %s", (seconds, said) => expect(span(seconds, "en")).toBe(said));
});
