import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from "@mantine/core";
import i18next from "i18next";

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

const orange: MantineColorsTuple = [
  "#fff3e6",
  "#ffe3c9",
  "#fdc592",
  "#faa557",
  "#f5892a",
  "#ec7410",
  "#d9630a",
  "#c2550b",
  "#ad4a0c",
  "#963f0c",
];

/** Read when it is shown: in the language of then. */
const closing = {
  get "aria-label"() {
    return i18next.t("common.close");
  },
};

/** Looks of both panels. Filled colours are dark enough for white text (WCAG AA). */
export const theme = createTheme({
  colors: { teal, orange },
  primaryColor: "teal",
  primaryShade: 7,
  autoContrast: true,
  fontFamily: "'Manrope Variable', system-ui, sans-serif",
  fontFamilyMonospace: "ui-monospace, SFMono-Regular, Menlo, Consolas, monospace",
  defaultRadius: "md",
  cursorType: "pointer",
  focusRing: "auto",
  respectReducedMotion: true,
  components: { Notification: { defaultProps: { closeButtonProps: closing } } },
});

/** What is said in passing is as legible as the rest (WCAG AA), and what is chosen is seen in both schemes. */
export const variables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    "--mantine-color-dimmed": "#565e66",
    "--mantine-color-error": "var(--mantine-color-red-9)",
    "--mantine-color-red-text": "var(--mantine-color-red-9)",
    "--chosen": "var(--mantine-color-teal-8)",
  },
  dark: {
    "--mantine-color-dimmed": "#a6abb1",
    "--mantine-color-error": "var(--mantine-color-red-4)",
    "--mantine-color-red-text": "var(--mantine-color-red-4)",
    "--chosen": "var(--mantine-color-teal-3)",
  },
});
