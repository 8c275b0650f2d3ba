import { createTheme, type MantineColorsTuple } from "@mantine/core";

const teal: MantineColorsTuple = [
  "#e6fbf7",
  "#cdf3ec",
  "#9ce8db",
  "#66dbc8",
  "#3bcfb8",
  "#1fbfa7",
  "#0f9f8c",
  "#0f766e",
  "#0b625b",
  "#084c47",
];

/** Looks of both panels. Filled colours are dark enough for white text (WCAG AA). */
export const theme = createTheme({
  colors: { teal },
  primaryColor: "teal",
  primaryShade: { light: 7, dark: 6 },
  autoContrast: true,
  fontFamily: "'Manrope Variable', system-ui, sans-serif",
  fontFamilyMonospace: "ui-monospace, SFMono-Regular, Menlo, Consolas, monospace",
  defaultRadius: "md",
  cursorType: "pointer",
  focusRing: "auto",
  respectReducedMotion: true,
});
