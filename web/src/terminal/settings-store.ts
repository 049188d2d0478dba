// How this person likes their terminals; kept in this browser.
import { Store } from "../state/store.ts";
import type { SchemeName } from "./schemes.ts";

export interface TerminalSettings {
  fontSize: number;
  scheme: SchemeName | "auto";
  copyOnSelect: boolean;
  screenReader: boolean;
  /** Draw typed letters before their echo, on slow lines. */
  predict: boolean;
}

export const fontSizeLeast = 9;
export const fontSizeMost = 28;
const storageKey = "sallyport.terminal";
const defaults: TerminalSettings = { fontSize: 13, scheme: "auto", copyOnSelect: false, screenReader: false, predict: true };

function load(): TerminalSettings {
  const text = typeof localStorage === "undefined" ? null : localStorage.getItem(storageKey);
  return text === null ? defaults : { ...defaults, ...(JSON.parse(text) as Partial<TerminalSettings>) };
}

export const terminalSettings = new Store<TerminalSettings>(load());

export function changeTerminalSettings(parts: Partial<TerminalSettings>): void {
  terminalSettings.change(parts);
  localStorage.setItem(storageKey, JSON.stringify(terminalSettings.get()));
}

export function stepFontSize(by: number): void {
  const { fontSize } = terminalSettings.get();
  changeTerminalSettings({ fontSize: Math.min(fontSizeMost, Math.max(fontSizeLeast, fontSize + by)) });
}
