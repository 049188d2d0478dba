// The console's look: one deep teal accent on slate greys, small radius, dense controls.
import { createTheme, type MantineColorsTuple } from "@mantine/core";

const teal: MantineColorsTuple = [
  "#f0fdfa",
  "#ccfbf1",
  "#99f6e4",
  "#5eead4",
  "#2dd4bf",
  "#14b8a6",
  "#0d9488",
  "#0f766e",
  "#115e59",
  "#134e4a",
];
const slate: MantineColorsTuple = [
  "#f8fafc",
  "#f1f5f9",
  "#e7ecf2",
  "#dbe2eb",
  "#c6d0dc",
  "#94a3b8",
  "#6b7a90",
  "#475569",
  "#334155",
  "#1e293b",
];
const red: MantineColorsTuple = [
  "#fef2f2",
  "#fee2e2",
  "#fecaca",
  "#fca5a5",
  "#f87171",
  "#ef4444",
  "#dc2626",
  "#c11f1f",
  "#991b1b",
  "#7f1d1d",
];
/** From the lightest text to the deepest ground, as Mantine's dark palette is ordered. */
const night: MantineColorsTuple = [
  "#e2e8f0",
  "#cbd5e1",
  "#9aa8bb",
  "#7d8ca1",
  "#334155",
  "#26334a",
  "#1a2536",
  "#111a28",
  "#0c131e",
  "#080d15",
];

export const sansFonts =
  '"IBM Plex Sans", "Noto Sans SC", "PingFang SC", "Microsoft YaHei", "Language Name", system-ui, sans-serif';
export const monoFonts = '"JetBrains Mono", "Noto Sans SC", ui-monospace, Menlo, Consolas, monospace';

export const theme = createTheme({
  primaryColor: "teal",
  primaryShade: { light: 7, dark: 7 },
  colors: { teal, red, gray: slate, dark: night },
  black: "#0f172a",
  defaultRadius: "md",
  radius: { xs: "2px", sm: "4px", md: "6px", lg: "8px", xl: "12px" },
  spacing: { xs: "8px", sm: "12px", md: "16px", lg: "24px", xl: "32px" },
  fontSizes: { xs: "12px", sm: "13px", md: "14px", lg: "16px", xl: "20px" },
  lineHeights: { xs: "1.4", sm: "1.45", md: "1.5", lg: "1.5", xl: "1.4" },
  fontFamily: sansFonts,
  fontFamilyMonospace: monoFonts,
  headings: {
    fontFamily: sansFonts,
    fontWeight: "600",
    sizes: { h1: { fontSize: "20px" }, h2: { fontSize: "16px" }, h3: { fontSize: "14px" } },
  },
  respectReducedMotion: true,
  cursorType: "pointer",
  components: {
    // The colour stands in the edge and the words: as a ground alone, dark amber is brown.
    Alert: { styles: { root: { borderColor: "color-mix(in srgb, var(--alert-color) 40%, transparent)" } } },
    Button: { defaultProps: { size: "sm", fw: 500 } },
    TextInput: { defaultProps: { size: "sm" } },
    Drawer: {
      styles: { title: { fontSize: 16, fontWeight: 600 } },
      defaultProps: {
        position: "right",
        size: "min(560px, 100vw)",
        padding: "lg",
        transitionProps: { duration: 120 },
        overlayProps: { backgroundOpacity: 0.35 },
      },
    },
    Modal: {
      styles: { title: { fontSize: 16, fontWeight: 600 } },
      defaultProps: {
        centered: true,
        padding: "lg",
        transitionProps: { duration: 120 },
        overlayProps: { backgroundOpacity: 0.35 },
      },
    },
    // Under its field's left edge, whatever its width: centred, it would stand beside the field until it knows how wide it is.
    Combobox: { defaultProps: { position: "bottom-start" } },
    Menu: { defaultProps: { shadow: "md", transitionProps: { duration: 100 }, withinPortal: true } },
    Tooltip: {
      defaultProps: { openDelay: 300, transitionProps: { duration: 80 }, events: { hover: true, focus: true, touch: false } },
    },
    Popover: { defaultProps: { shadow: "md", transitionProps: { duration: 100 } } },
    Tabs: { styles: { tab: { paddingInline: 12, paddingBlock: 8 } } },
  },
});
