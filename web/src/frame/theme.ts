// The tokens of the page: one type scale, one spacing scale, colours by meaning, in light and dark.
//
// Components use these alone. Text on its ground has at least 4.5:1, what marks a control or a state at least 3:1, in
// both schemes (WCAG 2.2, 1.4.3 and 1.4.11); tests/theme.test.ts computes it.

import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from "@mantine/core";

const pine: MantineColorsTuple = [
  "#edf5f1", "#dbeae3", "#b5d5c7", "#8cbfaa", "#68ab90", "#479477", "#347e63", "#276650", "#1e523f", "#153b2e",
];
const bad: MantineColorsTuple = [
  "#fdefed", "#f9d9d5", "#f2b0a8", "#ec8579", "#e66052", "#d9432f", "#c53524", "#a92a1b", "#8a2116", "#6a170f",
];

/** Colours by meaning. */
export interface Tokens {
  /** Behind everything. */
  readonly ground: string;
  /** Cards, dialogs, fields. */
  readonly raised: string;
  /** Rail, top and status bar. */
  readonly rail: string;
  /** Under the pointer, and what is chosen. */
  readonly hover: string;
  readonly chosen: string;
  /** Between things; carries no meaning. */
  readonly line: string;
  /** Edges of fields and buttons. */
  readonly edge: string;
  readonly text: string;
  readonly quiet: string;
  readonly accent: string;
  readonly good: string;
  readonly warn: string;
  readonly bad: string;
  /** A microphone is open. */
  readonly live: string;
}

export const light: Tokens = {
  ground: "#f8f7f3",
  raised: "#ffffff",
  rail: "#efede6",
  hover: "#e6e3da",
  chosen: "#dde9e1",
  line: "#dedbd1",
  edge: "#87857b",
  text: "#1d211e",
  quiet: "#5b5f58",
  accent: "#276650",
  good: "#1f6b4a",
  warn: "#855000",
  bad: "#a92a1b",
  live: "#bb2f1d",
};

export const dark: Tokens = {
  ground: "#151917",
  raised: "#1d2220",
  rail: "#111513",
  hover: "#262d29",
  chosen: "#22362d",
  line: "#2e3632",
  edge: "#76827b",
  text: "#e7ebe6",
  quiet: "#a5afa8",
  accent: "#7fc4a6",
  good: "#7bd0a6",
  warn: "#f0b45c",
  bad: "#ff9a8f",
  live: "#ff7b66",
};

export const theme = createTheme({
  primaryColor: "pine",
  primaryShade: { light: 7, dark: 6 },
  autoContrast: true,
  luminanceThreshold: 0.179, // where black and white stand out alike
  colors: { pine, bad },
  fontFamily: "'Inter Variable', system-ui, sans-serif",
  fontFamilyMonospace: "'JetBrains Mono Variable', ui-monospace, monospace",
  fontSizes: { xs: "0.75rem", sm: "0.8125rem", md: "0.875rem", lg: "1rem", xl: "1.25rem" },
  lineHeights: { xs: "1.4", sm: "1.45", md: "1.5", lg: "1.5", xl: "1.3" },
  spacing: { xs: "0.5rem", sm: "0.75rem", md: "1rem", lg: "1.5rem", xl: "2.5rem" },
  headings: {
    fontWeight: "640",
    sizes: {
      h1: { fontSize: "1.375rem", lineHeight: "1.25" },
      h2: { fontSize: "1.0625rem", lineHeight: "1.35" },
      h3: { fontSize: "0.9375rem", lineHeight: "1.4" },
    },
  },
  defaultRadius: "md",
  radius: { sm: "0.375rem", md: "0.5rem", lg: "0.75rem" },
  focusRing: "never", // frame.css draws one ring for everything
  cursorType: "pointer",
  respectReducedMotion: true,
  components: {
    Tooltip: { defaultProps: { openDelay: 400, withinPortal: true, events: { hover: true, focus: true, touch: false } } },
    Modal: { defaultProps: { radius: "lg", transitionProps: { transition: "fade", duration: 120 }, overlayProps: { backgroundOpacity: 0.4 } } },
    Drawer: { defaultProps: { transitionProps: { duration: 140 }, overlayProps: { backgroundOpacity: 0.4 } } },
    Menu: { defaultProps: { shadow: "md", transitionProps: { duration: 80 } } },
    Button: { defaultProps: { size: "sm" } },
    ActionIcon: { defaultProps: { variant: "subtle", color: "gray" } },
  },
});

const named = (tokens: Tokens): Record<string, string> => ({
  ...Object.fromEntries(Object.entries(tokens).map(([name, colour]) => [`--g-${name}`, colour as string])),
  "--mantine-color-body": tokens.ground,
  "--mantine-color-text": tokens.text,
  "--mantine-color-dimmed": tokens.quiet,
  "--mantine-color-placeholder": tokens.quiet,
  "--mantine-color-error": tokens.bad,
  "--mantine-color-anchor": tokens.accent,
  "--mantine-color-default": tokens.raised,
  "--mantine-color-default-hover": tokens.hover,
  "--mantine-color-default-color": tokens.text,
  "--mantine-color-default-border": tokens.edge,
  "--mantine-color-gray-light-hover": tokens.hover,
  "--mantine-color-gray-light-color": tokens.quiet,
  "--mantine-color-pine-text": tokens.accent,
  "--mantine-color-pine-light": tokens.chosen,
  "--mantine-color-pine-light-color": tokens.accent,
  "--mantine-color-pine-outline": tokens.accent,
  ...toned("green", tokens.good),
  ...toned("yellow", tokens.warn),
  ...toned("red", tokens.bad),
});

/** Mantine's own names for what is well, to be minded and bad, in our colours. */
const toned = (name: string, colour: string): Record<string, string> => ({
  [`--mantine-color-${name}-light`]: `color-mix(in srgb, ${colour} 12%, transparent)`,
  [`--mantine-color-${name}-light-hover`]: `color-mix(in srgb, ${colour} 18%, transparent)`,
  [`--mantine-color-${name}-light-color`]: colour,
});

export const variables: CSSVariablesResolver = () => ({
  variables: {},
  light: named(light),
  dark: named(dark),
});
