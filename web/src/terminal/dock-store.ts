// Which terminals are open in this window and how the dock shows them. Knows nothing of xterm; see live-terminals.ts.
import type { SqlProtocol } from "@sallyport/hub/assets/input";
import { Store } from "../state/store.ts";
import { type TerminalTarget, withoutLogin } from "./terminal-link.ts";

export interface DockTab {
  key: string;
  name: string;
  target: TerminalTarget;
  /** Known once the hub has opened the terminal; what makes it survive a reload. */
  sessionId: string | null;
}

export interface DockState {
  tabs: readonly DockTab[];
  active: string | null;
  /** The second terminal shown beside the active one. */
  beside: string | null;
  view: "tabs" | "docked" | "full";
  heightPx: number;
  /** Terminals that are typed into together: what is typed in one of them goes to all. Empty: each on its own. */
  together: readonly string[];
}

export const dockHeightLeastPx = 160;
const storageKey = "sallyport.dock";

class Dock {
  readonly state = new Store<DockState>({ tabs: [], active: null, beside: null, view: "docked", heightPx: 360, together: [] });
  #lastKey = 0;

  open(assetId: string, name: string, account?: string, protocol?: SqlProtocol): void {
    const target: TerminalTarget = {
      kind: "asset",
      assetId,
      ...(account === undefined ? {} : { account }),
      ...(protocol === undefined ? {} : { protocol }),
    };
    this.#add({ key: this.#newKey(), name, target, sessionId: null });
  }

  /** Comes back to a session that is still alive; shows its tab if it has one here. */
  rejoin(sessionId: string, name: string): void {
    const present = this.state.get().tabs.find((tab) => tab.sessionId === sessionId);
    if (present !== undefined) this.show(present.key);
    else this.#add({ key: this.#newKey(), name, target: { kind: "session", sessionId }, sessionId });
  }

  /** A new terminal on the same asset takes the place of one that has ended. */
  replace(key: string, target: TerminalTarget): void {
    const fresh = this.#newKey();
    const { tabs, active, beside } = this.state.get();
    this.#change({
      tabs: tabs.map((tab) => (tab.key === key ? { ...tab, key: fresh, target, sessionId: null } : tab)),
      active: active === key ? fresh : active,
      beside: beside === key ? fresh : beside,
    });
  }

  opened(key: string, sessionId: string, name: string): void {
    const { tabs } = this.state.get();
    this.#change({
      tabs: tabs.map((tab) => (tab.key === key ? { ...tab, target: withoutLogin(tab.target), sessionId, name } : tab)),
    });
  }

  /** Ended terminals stay on the screen but are not restored after a reload. */
  ended(key: string): void {
    const { tabs } = this.state.get();
    this.#change({ tabs: tabs.map((tab) => (tab.key === key ? { ...tab, sessionId: null } : tab)) });
  }

  show(key: string): void {
    const { view, beside, active } = this.state.get();
    this.#change({ active: key, beside: beside === key ? active : beside, view: view === "tabs" ? "docked" : view });
  }

  remove(key: string): void {
    const { tabs, active, beside } = this.state.get();
    const left = tabs.filter((tab) => tab.key !== key);
    const at = tabs.findIndex((tab) => tab.key === key);
    const neighbour = left.at(Math.min(at, left.length - 1))?.key ?? null;
    const nextActive = active === key ? (beside ?? neighbour) : active;
    const still = this.state.get().together.filter((one) => one !== key);
    this.#change({ together: still.length > 1 ? still : [] });
    this.#change({ tabs: left, active: nextActive, beside: beside === key || beside === nextActive ? null : beside });
  }

  /** All that are open now, or each on its own again. */
  toggleTogether(): void {
    const { tabs, together } = this.state.get();
    this.#change({ together: together.length > 0 ? [] : tabs.map(({ key }) => key) });
  }

  /** One of them in or out; a single one is none. */
  toggleOneTogether(key: string): void {
    const { together } = this.state.get();
    const next = together.includes(key) ? together.filter((one) => one !== key) : [...together, key];
    this.#change({ together: next.length > 1 ? next : [] });
  }

  setView(view: DockState["view"]): void {
    this.#change({ view });
  }

  toggle(): void {
    this.#change({ view: this.state.get().view === "tabs" ? "docked" : "tabs" });
  }

  toggleBeside(): void {
    const { tabs, active, beside } = this.state.get();
    const other = tabs.findLast((tab) => tab.key !== active)?.key ?? null;
    this.#change({ beside: beside === null ? other : null });
  }

  setHeight(heightPx: number): void {
    this.#change({ heightPx: Math.max(dockHeightLeastPx, Math.round(heightPx)) });
  }

  /** Forgets all tabs; their sessions go on in the hub until their grace is over. */
  leaveAll(): void {
    this.#change({ tabs: [], active: null, beside: null, together: [] });
  }

  /** Brings back the terminals that were running before a reload of this window. */
  restore(): void {
    if (this.state.get().tabs.length > 0) return;
    const saved = parseSaved(sessionStorage.getItem(storageKey));
    if (saved === null) return;
    const tabs = saved.sessions.map(({ sessionId, name }): DockTab => {
      return { key: this.#newKey(), name, target: { kind: "session", sessionId }, sessionId };
    });
    const active = tabs.find((tab) => tab.sessionId === saved.active) ?? tabs.at(0);
    this.state.change({ tabs, active: active?.key ?? null, view: saved.view, heightPx: saved.heightPx });
  }

  #add(tab: DockTab): void {
    const { tabs, view } = this.state.get();
    this.#change({ tabs: [...tabs, tab], active: tab.key, view: view === "tabs" ? "docked" : view });
  }

  #newKey(): string {
    this.#lastKey += 1;
    return `terminal-${this.#lastKey}`;
  }

  #change(parts: Partial<DockState>): void {
    this.state.change(parts);
    const { tabs, active, view, heightPx } = this.state.get();
    const sessions = tabs.flatMap(({ sessionId, name }) => (sessionId === null ? [] : [{ sessionId, name }]));
    const activeSession = tabs.find((tab) => tab.key === active)?.sessionId ?? null;
    sessionStorage.setItem(storageKey, JSON.stringify({ sessions, active: activeSession, view, heightPx } satisfies SavedDock));
  }
}

interface SavedDock {
  sessions: { sessionId: string; name: string }[];
  active: string | null;
  view: DockState["view"];
  heightPx: number;
}

/** Written by this file into this window's own storage, so its shape is ours. */
function parseSaved(text: string | null): SavedDock | null {
  return text === null ? null : (JSON.parse(text) as SavedDock);
}

export const dock = new Dock();
