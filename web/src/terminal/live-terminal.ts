// One open terminal: a screen, its link, and the questions it must ask. Lives outside React, so navigation cannot hurt it.
import { FitAddon } from "@xterm/addon-fit";
import { SearchAddon } from "@xterm/addon-search";
import { WebLinksAddon } from "@xterm/addon-web-links";
import type { Terminal } from "@xterm/xterm";
import { Store } from "../state/store.ts";
import { type LinkState, newLink } from "./link-state.ts";
import { asksBeforePasting, cleanPaste, pasteBytesMax } from "./paste.ts";
import { PredictionLayer } from "./prediction-layer.ts";
import { isReport } from "./reports.ts";
import { createScreen, drawFast, fontsReady, settingsOptions } from "./screen.ts";
import { terminalSettings } from "./settings-store.ts";
import type { LineState } from "./socket-messages.ts";
import { TerminalLink, type TerminalTarget, withoutLogin } from "./terminal-link.ts";
import { cleanTitle } from "./title.ts";

/** Dragging a window's edge fires many sizes; the shell redraws on each one it hears. */
const resizeSettleMs = 80;

export type Question = { kind: "paste"; text: string } | { kind: "link"; address: string };
export type Notice = "backlog" | "paste-too-long";

export interface LiveState {
  link: LinkState;
  title: string;
  question: Question | null;
  findOpen: boolean;
  found: { index: number; count: number } | null;
  line: LineState;
  /** The cursor is in the lower half, where nothing should lie over it. */
  cursorLow: boolean;
}

export class LiveTerminal {
  readonly state: Store<LiveState>;
  readonly #xterm: Terminal;
  readonly #fit = new FitAddon();
  readonly #search = new SearchAddon();
  readonly #predictions: PredictionLayer;
  readonly #element = document.createElement("div");
  readonly #encoder = new TextEncoder();
  readonly #onTyped: (text: string) => void;
  readonly #onNotice: (notice: Notice) => void;
  readonly #stop = new AbortController();
  readonly #resizeObserver: ResizeObserver;
  #target: TerminalTarget;
  #link: TerminalLink | null = null;
  #opened = false;
  #wantsFocus = false;
  #drawingSnapshot = false;
  #resizeTimer: ReturnType<typeof setTimeout> | undefined;

  /** @param onTyped what a person typed or pasted here; not what the terminal answers by itself. */
  constructor(target: TerminalTarget, onNotice: (notice: Notice) => void, onTyped: (text: string) => void) {
    this.#onNotice = onNotice;
    this.#onTyped = onTyped;
    this.#element.style.cssText = "width:100%;height:100%";
    this.#element.style.background = settingsOptions().theme?.background ?? "";
    this.state = new Store<LiveState>({
      link: newLink(target.kind === "session" ? target.sessionId : null),
      title: "",
      question: null,
      findOpen: false,
      found: null,
      line: { state: "free" },
      cursorLow: false,
    });
    this.#xterm = createScreen({}, { activate: (_event, address) => this.#askLink(address), allowNonHttpProtocols: false });
    this.#predictions = new PredictionLayer(this.#xterm);
    this.#predictions.enable(terminalSettings.get().predict);
    this.#xterm.loadAddon(this.#fit);
    this.#xterm.loadAddon(this.#search);
    this.#xterm.loadAddon(new WebLinksAddon((_event, address) => this.#askLink(address)));
    this.#resizeObserver = new ResizeObserver(() => this.#fitSoon());
    this.#listen();
    this.#target = target;
    // A running session is rejoined even while its tab is hidden, so that its grace cannot run out. A new one waits until
    // it is seen and has its real size.
    if (target.kind === "session") this.#connect();
  }

  /** Shows the terminal inside `host`; moving it between hosts keeps everything. */
  attach(host: HTMLElement): void {
    host.append(this.#element);
    this.#resizeObserver.observe(this.#element);
    void this.#openOnce();
  }

  detach(): void {
    this.#resizeObserver.unobserve(this.#element);
    this.#element.remove();
  }

  /** Takes the keyboard, now or as soon as the screen is there. */
  focus(): void {
    this.#wantsFocus = true;
    this.#xterm.focus();
  }

  /** Typed in another terminal and meant for this one, too. */
  typeAlong(text: string): void {
    if (this.#link?.state.phase === "live" && this.#link.state.owner) this.#xterm.input(text, false);
  }

  /** Answers a rule as the keyboard does: Enter runs the line, Ctrl-C gives it up. */
  answerRule(go: boolean): void {
    this.#xterm.input(go ? "\r" : "\u0003", true);
    this.focus();
  }

  retryNow(): void {
    this.#link?.retryNow();
  }

  end(): void {
    this.#link?.end();
  }

  /** Stops showing the session here. It goes on in the hub unless it was ended. */
  dispose(): void {
    clearTimeout(this.#resizeTimer);
    this.#stop.abort();
    this.#resizeObserver.disconnect();
    this.#link?.leave();
    this.#predictions.dispose();
    this.#xterm.dispose();
    this.#element.remove();
  }

  answer(yes: boolean): void {
    const { question } = this.state.get();
    this.state.change({ question: null });
    if (yes && question?.kind === "paste") this.#xterm.paste(question.text);
    if (yes && question?.kind === "link") window.open(question.address, "_blank", "noopener,noreferrer");
    this.focus();
  }

  find(text: string, direction: "next" | "previous", caseSensitive: boolean): void {
    const decorations = {
      matchOverviewRuler: "#d9a514",
      activeMatchColorOverviewRuler: "#0f766e",
      matchBackground: "#6b5a1e",
      activeMatchBackground: "#0f766e",
    };
    if (text === "") this.#search.clearDecorations();
    else if (direction === "next") this.#search.findNext(text, { caseSensitive, decorations });
    else this.#search.findPrevious(text, { caseSensitive, decorations });
  }

  setFind(open: boolean): void {
    if (!open) this.#search.clearDecorations();
    this.state.change({ findOpen: open, found: null });
    if (!open) this.focus();
  }

  #connect(): void {
    const url = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws/terminal`;
    const size = { cols: this.#xterm.cols, rows: this.#xterm.rows };
    const target = this.#target;
    this.#target = withoutLogin(target);
    this.#link = new TerminalLink(url, target, size, {
      onOutput: (data, drawn) =>
        this.#xterm.write(data, () => {
          this.#predictions.outputDrawn();
          drawn();
        }),
      onInputTaken: (offset) => this.#predictions.taken(offset),
      onEcho: (mayPredict) => this.#predictions.echo(mayPredict),
      onSnapshot: ({ cols, rows, screen }) => this.#drawSnapshot(cols, rows, screen),
      onResize: ({ cols, rows }) => this.#xterm.resize(cols, rows),
      onLine: (line) => {
        const { cursorY } = this.#xterm.buffer.active;
        if (line.state !== "free") this.#predictions.reset(this.#link?.inputEnd ?? 0);
        this.state.change({ line, cursorLow: cursorY * 2 >= this.#xterm.rows });
      },
      onState: (link) => {
        if (link.phase !== "live") this.#predictions.reset(this.#link?.inputEnd ?? 0);
        this.#predictions.roundTrip(wholeRoundTripMs(link));
        this.#link?.watchEcho(this.#predictions.atWork);
        this.#xterm.options.disableStdin = link.phase === "ended" || !link.owner;
        this.state.change({ link });
      },
    });
  }

  #drawSnapshot(cols: number, rows: number, screen: string): void {
    // Replies that xterm would make to what is being redrawn were made when it was first drawn.
    this.#drawingSnapshot = true;
    this.#xterm.reset();
    this.#xterm.resize(cols, rows);
    this.#xterm.write(screen, () => {
      this.#drawingSnapshot = false;
      this.#predictions.reset(this.#link?.inputEnd ?? 0);
      this.#fitSoon();
    });
  }

  #listen(): void {
    const send = (data: Uint8Array) => {
      if (this.#drawingSnapshot || this.#link === null) return;
      const { phase, owner } = this.#link.state;
      if (!this.#link.type(data) && phase !== "ended" && owner) this.#onNotice("backlog");
    };
    this.#xterm.onData((text) => {
      if (!this.#drawingSnapshot && !isReport(text)) this.#onTyped(text);
      send(this.#encoder.encode(text));
      if (this.#link?.state.phase === "live") this.#predictions.typed(text, this.#link.inputEnd);
    });
    this.#xterm.onBinary((text) => send(Uint8Array.from(text, (character) => character.charCodeAt(0))));
    this.#xterm.onResize((size) => {
      this.#predictions.reset(this.#link?.inputEnd ?? 0);
      this.#link?.resize(size);
    });
    this.#xterm.onTitleChange((title) => this.state.change({ title: cleanTitle(title) }));
    this.#xterm.onSelectionChange(() => {
      if (terminalSettings.get().copyOnSelect && this.#xterm.hasSelection()) this.#copySelection();
    });
    this.#search.onDidChangeResults(({ resultIndex, resultCount }) => {
      this.state.change({ found: { index: resultIndex + 1, count: resultCount } });
    });
    this.#xterm.attachCustomKeyEventHandler((event) => this.#takesKey(event));
    const { signal } = this.#stop;
    this.#element.addEventListener("paste", (event) => this.#paste(event), { capture: true, signal });
    // Each of them may mean a path that silently died: a network that changed, a lid that was closed.
    const wake = () => {
      if (document.visibilityState === "visible") this.#link?.wake();
    };
    addEventListener("online", () => this.#link?.wake(), { signal });
    addEventListener("pageshow", wake, { signal });
    document.addEventListener("visibilitychange", wake, { signal });
    const restyle = () => {
      const options = settingsOptions();
      Object.assign(this.#xterm.options, options);
      this.#predictions.enable(terminalSettings.get().predict);
      this.#link?.watchEcho(this.#predictions.atWork);
      this.#element.style.background = options.theme?.background ?? "";
      this.#fitSoon();
    };
    signal.addEventListener("abort", terminalSettings.watch(restyle));
    const colourScheme = new MutationObserver(restyle);
    colourScheme.observe(document.documentElement, { attributeFilter: ["data-mantine-color-scheme"] });
    signal.addEventListener("abort", () => colourScheme.disconnect());
  }

  /** False hands a key to the browser or to us instead of the shell. */
  #takesKey(event: KeyboardEvent): boolean {
    if (!event.ctrlKey || !event.shiftKey || event.altKey) return !isPaletteKey(event);
    switch (event.key.toLowerCase()) {
      case "c":
        if (event.type === "keydown") this.#copySelection();
        event.preventDefault();
        return false;
      case "v": // The browser turns this into a paste event, which asks for no clipboard permission.
        return false;
      case "f":
        if (event.type === "keydown") this.setFind(true);
        event.preventDefault();
        return false;
      default:
        return !isPaletteKey(event);
    }
  }

  #copySelection(): void {
    const text = this.#xterm.getSelection();
    if (text !== "") void navigator.clipboard?.writeText(text);
  }

  #paste(event: ClipboardEvent): void {
    event.preventDefault();
    event.stopPropagation();
    const text = cleanPaste(event.clipboardData?.getData("text/plain") ?? "");
    if (text === "") return;
    if (text.length > pasteBytesMax) this.#onNotice("paste-too-long");
    else if (asksBeforePasting(text)) this.state.change({ question: { kind: "paste", text } });
    else this.#xterm.paste(text);
  }

  #askLink(address: string): void {
    const { protocol } = new URL(address);
    if (protocol === "http:" || protocol === "https:") this.state.change({ question: { kind: "link", address } });
  }

  async #openOnce(): Promise<void> {
    if (this.#opened) return this.#fitSoon();
    this.#opened = true;
    await fontsReady();
    if (this.#stop.signal.aborted) return;
    this.#xterm.open(this.#element);
    drawFast(this.#xterm);
    this.#predictions.mount();
    this.#fit.fit();
    if (this.#link === null) this.#connect();
    if (this.#wantsFocus) this.focus();
  }

  #fitSoon(): void {
    clearTimeout(this.#resizeTimer);
    this.#resizeTimer = setTimeout(() => {
      const visible = this.#element.clientHeight > 0;
      if (visible && this.#opened && (this.#link?.state.owner ?? true)) this.#fit.fit();
    }, resizeSettleMs);
  }
}

/** From the key to the shell and back; unknown while one of the two legs is. */
const wholeRoundTripMs = ({ roundTripMs, agentRoundTripUs }: LinkState): number | null =>
  roundTripMs === null ? null : roundTripMs + (agentRoundTripUs ?? 0) / 1000;

function isPaletteKey(event: KeyboardEvent): boolean {
  return event.key.toLowerCase() === "k" && (event.metaKey || (event.ctrlKey && event.shiftKey));
}
