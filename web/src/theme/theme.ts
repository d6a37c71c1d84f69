import { createTheme, type MantineColorsTuple } from "@mantine/core";

const accent: MantineColorsTuple = [
  "#eef3fd", "#dbe5f8", "#b5c9f0", "#8cace9", "#6a93e3", "#5583df", "#3f6fd0", "#2757b5", "#204a9c", "#183c82",
];

/** Mantine reads its dark greys from here: text first, grounds last. */
const dark: MantineColorsTuple = [
  "#e6e8ec", "#b9bfca", "#9aa2b1", "#7b8494", "#2b3038", "#23272e", "#171a1f", "#13161a", "#101216", "#0c0e11",
];

export const theme = createTheme({
  fontFamily: '"Inter Variable", system-ui, sans-serif',
  fontFamilyMonospace: '"JetBrains Mono", ui-monospace, monospace',
  colors: { accent, dark },
  primaryColor: "accent",
  primaryShade: { light: 7, dark: 6 },
  defaultRadius: "sm",
  fontSizes: { xs: "12px", sm: "13.5px", md: "13.5px", lg: "16px", xl: "22px" },
  cursorType: "pointer",
  respectReducedMotion: true,
});
