// An xterm set up so that bytes from a hostile machine can draw and nothing else. Used live and in replay.
import { Unicode11Addon } from "@xterm/addon-unicode11";
import { WebglAddon } from "@xterm/addon-webgl";
import { type ILinkHandler, type ITerminalOptions, Terminal } from "@xterm/xterm";
import "@xterm/xterm/css/xterm.css";
import { monoFonts } from "../ui/theme.ts";
import { consoleScheme, schemes } from "./schemes.ts";
import { terminalSettings } from "./settings-store.ts";

const clipboardOsc = 52;

export function createScreen(options: ITerminalOptions, linkHandler: ILinkHandler | null): Terminal {
  const xterm = new Terminal({
    fontFamily: monoFonts,
    lineHeight: 1.15,
    scrollback: 10_000,
    drawBoldTextInBrightColors: false,
    allowProposedApi: true,
    // Window manipulation and its reports (CSI t) stay off: they are how a title comes back as input.
    windowOptions: {},
    linkHandler,
    ...settingsOptions(),
    ...options,
  });
  xterm.loadAddon(new Unicode11Addon());
  xterm.unicode.activeVersion = "11";
  // The clipboard is the person's: a target may neither read nor write it.
  xterm.parser.registerOscHandler(clipboardOsc, () => true);
  return xterm;
}

/** The part of xterm's options that people choose, as chosen now. */
export function settingsOptions(): ITerminalOptions {
  const { fontSize, scheme, screenReader } = terminalSettings.get();
  const name = scheme === "auto" ? consoleScheme() : scheme;
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  return {
    fontSize,
    theme: schemes[name],
    minimumContrastRatio: name === "contrast" ? 7 : 1,
    screenReaderMode: screenReader,
    cursorBlink: !calm,
  };
}

/** Draws with the graphics card where there is one; xterm's own renderer serves otherwise. */
export function drawFast(xterm: Terminal): void {
  try {
    const webgl = new WebglAddon();
    webgl.onContextLoss(() => webgl.dispose());
    xterm.loadAddon(webgl);
  } catch {
    // No WebGL 2 here: the DOM renderer is already active.
  }
}

/** xterm measures a letter when it opens, so the font must be there before. */
export async function fontsReady(): Promise<void> {
  await Promise.all([document.fonts.load('400 13px "JetBrains Mono"'), document.fonts.load('700 13px "JetBrains Mono"')]);
}
