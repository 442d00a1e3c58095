import { describe, expect, it } from "vitest";

import { dark, light, theme, variables, type Tokens } from "../src/frame/theme";
import type { MantineTheme } from "@mantine/core";

/** WCAG 2.2: relative luminance and contrast of two sRGB colours. */
function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const part = parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
function contrast(one: string, other: string): number {
  const [a, b] = [luminance(one), luminance(other)].sort((x, y) => y - x) as [number, number];
  return (a + 0.05) / (b + 0.05);
}
/** `share` of one colour laid over another. */
function mixed(one: string, other: string, share: number): string {
  const part = (hex: string, at: number) => parseInt(hex.slice(at, at + 2), 16);
  return `#${[1, 3, 5].map((at) => Math.round(share * part(one, at) + (1 - share) * part(other, at)).toString(16).padStart(2, "0")).join("")}`;
}

it("contrast is computed as WCAG has it", () => {
  expect(contrast("#000000", "#ffffff")).toBeCloseTo(21, 5);
  expect(contrast("#777777", "#ffffff")).toBeCloseTo(4.48, 2);
});

describe.each([
  ["light", light],
  ["dark", dark],
] as const)("in %s", (_, tokens: Tokens) => {
  const grounds = ["ground", "raised", "rail"] as const;
  const under = [...grounds, "hover", "chosen"] as const;

  it.each(under)("text on %s has 4.5:1", (ground) => {
    for (const name of ["text", "quiet"] as const)
      expect(contrast(tokens[name], tokens[ground]), `${name} on ${ground}`).toBeGreaterThanOrEqual(4.5);
  });

  it.each(grounds)("what says good, warn, bad, live or leads on has 4.5:1 on %s", (ground) => {
    for (const name of ["accent", "good", "warn", "bad", "live"] as const)
      expect(contrast(tokens[name], tokens[ground]), `${name} on ${ground}`).toBeGreaterThanOrEqual(4.5);
  });

  it.each(grounds)("edges of controls and the focus ring have 3:1 on %s", (ground) => {
    expect(contrast(tokens.edge, tokens[ground])).toBeGreaterThanOrEqual(3);
    expect(contrast(tokens.accent, tokens[ground])).toBeGreaterThanOrEqual(3);
  });

  it("banners, errors, toasts and badges have 4.5:1", () => {
    expect(contrast(tokens.text, mixed(tokens.warn, tokens.ground, 0.12))).toBeGreaterThanOrEqual(4.5);
    expect(contrast(tokens.text, mixed(tokens.bad, tokens.raised, 0.07))).toBeGreaterThanOrEqual(4.5);
    expect(contrast(tokens.quiet, mixed(tokens.bad, tokens.raised, 0.07))).toBeGreaterThanOrEqual(4.5);
    expect(contrast(tokens.ground, tokens.text)).toBeGreaterThanOrEqual(4.5);
    expect(contrast(tokens.ground, tokens.accent)).toBeGreaterThanOrEqual(4.5);
  });
});

it("filled buttons have 4.5:1 for the white that is written on them, in the light and in the dark", () => {
  const shades = theme.primaryShade as { readonly light: number; readonly dark: number };
  for (const family of ["pine", "bad"] as const)
    for (const shade of [shades.light, shades.dark]) {
      const ground = theme.colors?.[family]?.[shade] as string;
      expect(contrast("#ffffff", ground), `${family} ${shade}`).toBeGreaterThanOrEqual(4.5);
    }
});

it("Mantine's own colours are the tokens", () => {
  const made = variables(theme as MantineTheme);
  expect(made.light["--mantine-color-text"]).toBe(light.text);
  expect(made.dark["--g-quiet"]).toBe(dark.quiet);
  expect(Object.keys(made.light)).toEqual(Object.keys(made.dark));
});
