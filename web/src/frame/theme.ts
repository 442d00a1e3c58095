// The tokens of the page: one type scale, one spacing scale, colours by meaning, in light and dark.
//
// Contrast of text on its ground is at least 4.5:1 in both schemes (WCAG 2.2, 1.4.3); tests/theme.test.ts computes it.

import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from "@mantine/core";

const pine: MantineColorsTuple = [
  "#eef6f3", "#dcebe5", "#b7d6cb", "#8fc0af", "#6aab95", "#4b957d", "#38806a", "#2b6856", "#215245", "#173c33",
];

export const theme = createTheme({
  primaryColor: "pine",
  primaryShade: { light: 7, dark: 4 },
  autoContrast: true,
  colors: { pine },
  fontFamily: "'Inter Variable', system-ui, sans-serif",
  fontFamilyMonospace: "'JetBrains Mono Variable', ui-monospace, monospace",
  fontSizes: { xs: "0.75rem", sm: "0.8125rem", md: "0.875rem", lg: "1rem", xl: "1.25rem" },
  lineHeights: { xs: "1.4", sm: "1.45", md: "1.5", lg: "1.5", xl: "1.3" },
  headings: { fontWeight: "620", sizes: { h1: { fontSize: "1.375rem" }, h2: { fontSize: "1.0625rem" }, h3: { fontSize: "0.9375rem" } } },
  defaultRadius: "md",
  radius: { md: "0.5rem" },
  focusRing: "auto",
  cursorType: "pointer",
  respectReducedMotion: true,
});

export const variables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    "--g-ground": "#f7f7f4",
    "--g-raised": "#ffffff",
    "--g-rail": "#eceee9",
    "--g-line": "#d9dcd5",
    "--g-text": "#1c211f",
    "--g-quiet": "#586059",
    "--g-good": "#1f6b4a",
    "--g-warn": "#8a5300",
    "--g-bad": "#b3261e",
    "--g-live": "#c2331f",
    "--mantine-color-body": "#f7f7f4",
    "--mantine-color-text": "#1c211f",
    "--mantine-color-dimmed": "#586059",
  },
  dark: {
    "--g-ground": "#141816",
    "--g-raised": "#1b211e",
    "--g-rail": "#101412",
    "--g-line": "#313a35",
    "--g-text": "#e6ebe7",
    "--g-quiet": "#a3aea7",
    "--g-good": "#7bd0a6",
    "--g-warn": "#f0b45c",
    "--g-bad": "#ff9a8f",
    "--g-live": "#ff7b66",
    "--mantine-color-body": "#141816",
    "--mantine-color-text": "#e6ebe7",
    "--mantine-color-dimmed": "#a3aea7",
  },
});
