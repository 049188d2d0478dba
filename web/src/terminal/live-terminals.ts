// The live terminals of this window, by the key of their tab. Made on first sight, kept until their tab is closed.
import { type DockTab, dock } from "./dock-store.ts";
import { LiveTerminal, type Notice } from "./live-terminal.ts";

const terminals = new Map<string, LiveTerminal>();

export function liveTerminal(tab: DockTab, onNotice: (notice: Notice) => void): LiveTerminal {
  const present = terminals.get(tab.key);
  if (present !== undefined) return present;
  const terminal = new LiveTerminal(tab.target, onNotice, (text) => typeTogether(tab.key, text));
  terminals.set(tab.key, terminal);
  terminal.state.watch(() => {
    const { phase, sessionId, assetName } = terminal.state.get().link;
    const known = dock.state.get().tabs.find(({ key }) => key === tab.key);
    if (known === undefined) return;
    if (phase === "live" && sessionId !== null && (known.sessionId !== sessionId || known.name !== assetName)) {
      dock.opened(tab.key, sessionId, assetName ?? known.name);
    }
    if (phase === "ended" && known.sessionId !== null) dock.ended(tab.key);
  });
  return terminal;
}

/** The others get what was typed in one of a group. What they are given they do not pass on. */
let passingOn = false;
function typeTogether(from: string, text: string): void {
  const { together } = dock.state.get();
  if (passingOn || !together.includes(from)) return;
  passingOn = true;
  try {
    for (const key of together) if (key !== from) terminals.get(key)?.typeAlong(text);
  } finally {
    passingOn = false;
  }
}

/** Gives the keyboard back to a terminal after a button beside it was pressed. */
export function focusTerminal(key: string | null): void {
  if (key !== null) terminals.get(key)?.focus();
}

dock.state.watch(() => {
  const kept = new Set(dock.state.get().tabs.map(({ key }) => key));
  for (const [key, terminal] of terminals) {
    if (kept.has(key)) continue;
    terminals.delete(key);
    terminal.dispose();
  }
});
