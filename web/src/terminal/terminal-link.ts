// One terminal's connection to the hub: dials, rejoins after every loss, resends input, acknowledges output.
// Draws nothing and decides nothing about the session; see link-state.ts for what it can be doing.
import type { SqlProtocol } from "@sallyport/hub/assets/input";
import { decodeTerminalData, encodeTerminalData, terminalSubprotocol } from "@sallyport/protocol/terminal-socket";
import { currentLanguage } from "../i18n/i18n.ts";
import { backoffMs } from "./backoff.ts";
import { EchoGate } from "./echo-gate.ts";
import { InputWindow } from "./input-window.ts";
import { type Ending, type LinkEvent, type LinkState, newLink, nextLinkState } from "./link-state.ts";
import type { Login } from "./login.ts";
import { OutputCursor } from "./output-cursor.ts";
import { type ConsoleMessage, type HubMessage, type LineState, parseHubMessage } from "./socket-messages.ts";

/** Often enough for a round trip people believe, rare enough to cost nothing. */
const pingEveryMs = 4_000;

/** Three pings unanswered: the path is gone even if no side has noticed. Also the limit for a dial. */
const silenceMs = 12_000;

/** A person has just come back to this window, or the network has: the path is tried, and given up after this. */
const probeMs = 2_500;

/** Refusals of a session that exists: the hub has just started, its database is away, or it is busy. It is asked again. */
const passingRefusals = new Set(["agent-offline", "internal", "unavailable", "too-many"]);

/** Small output is acknowledged after this pause, so that the hub may forget it. */
const acknowledgeWithinMs = 250;

export interface Size {
  cols: number;
  rows: number;
}

/** `account`: as whom, of what the asset offers; left out on an agent's own host. `protocol`: where SQL is meant, whatever else it offers. */
export type TerminalTarget =
  | { kind: "asset"; assetId: string; account?: string; protocol?: SqlProtocol; login?: Login }
  | { kind: "session"; sessionId: string };

export function withoutLogin(target: TerminalTarget): TerminalTarget {
  if (target.kind === "session") return target;
  const { login: _said, ...rest } = target;
  return rest;
}

export interface LinkListener {
  /** Draw these bytes, then call `drawn`; the hub's window opens only as drawing proceeds. */
  onOutput(data: Uint8Array, drawn: () => void): void;
  /** Clear the terminal, take this size and draw this screen; output continues after it. */
  onSnapshot(snapshot: Size & { screen: string }): void;
  onResize(size: Size): void;
  /** The shell's side has taken the input before `offset`. */
  onInputTaken(offset: number): void;
  /** Whether letters may be drawn ahead of their echo, as far as the host's terminal is known: not while a secret is asked for. */
  onEcho(mayPredict: boolean): void;
  onState(state: LinkState): void;
  /** A rule looks at the line that was typed, or no longer does. */
  onLine(line: LineState): void;
}

export class TerminalLink {
  readonly #url: string;
  #target: TerminalTarget;
  readonly #listener: LinkListener;
  readonly #input = new InputWindow();
  readonly #output = new OutputCursor();
  readonly #echo = new EchoGate();
  #echoWanted = false;
  /** What the hub was told over this socket. */
  #echoWatched = false;
  #size: Size;
  #state: LinkState;
  #socket: WebSocket | null = null;
  #heardAtMs = 0;
  /** When the first ping after the last word of the hub went out; null while none is unanswered. */
  #askedAtMs: number | null = null;
  #beatAtMs = 0;
  #probe: ReturnType<typeof setTimeout> | undefined;
  #redial: ReturnType<typeof setTimeout> | undefined;
  #acknowledgement: ReturnType<typeof setTimeout> | undefined;
  #heartbeat: ReturnType<typeof setInterval> | undefined;

  constructor(url: string, target: TerminalTarget, size: Size, listener: LinkListener) {
    this.#url = url;
    this.#target = target;
    this.#size = size;
    this.#listener = listener;
    this.#state = newLink(target.kind === "session" ? target.sessionId : null);
    this.#dial();
  }

  get state(): LinkState {
    return this.#state;
  }

  /** Offset after everything typed so far. */
  get inputEnd(): number {
    return this.#input.end;
  }

  /** False when so much input waits already that this was not taken. */
  type(data: Uint8Array): boolean {
    if (this.#state.phase === "ended" || !this.#state.owner) return false;
    const taken = this.#input.push(data);
    this.#sendInput();
    return taken;
  }

  resize(size: Size): void {
    if (size.cols === this.#size.cols && size.rows === this.#size.rows) return;
    this.#size = size;
    if (this.#state.phase === "live") this.#send({ type: "resize", ...size });
  }

  /** Letters are drawn ahead of their echo now, or no longer: asks the hub to say when they must not be. */
  watchEcho(on: boolean): void {
    this.#echoWanted = on;
    this.#sendEchoWish();
  }

  /** Ends the session for everybody; the hub's answer arrives as a state. */
  end(): void {
    this.#send({ type: "end" });
  }

  /** Dials at once when waiting: the person pressed the button. */
  retryNow(): void {
    if (this.#state.phase === "waiting") this.#dial();
  }

  /**
   * The network came back, the laptop woke, the window is looked at again: dials at once when waiting, and otherwise asks whether the
   * path still stands instead of waiting for silence to be noticed.
   */
  wake(): void {
    if (this.#state.phase === "waiting") this.#dial();
    else if (this.#state.phase !== "ended") this.#probeNow();
  }

  /** Leaves without ending: the session goes on in the hub until its grace is over. */
  leave(): void {
    this.#stopTimers();
    const socket = this.#socket;
    this.#socket = null;
    socket?.close(1000);
  }

  #dial(): void {
    this.#stopTimers();
    this.#apply({ type: "dialled" });
    const socket = new WebSocket(this.#url, terminalSubprotocol);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    this.#heardAtMs = Date.now();
    this.#beatAtMs = Date.now();
    this.#askedAtMs = null;
    this.#echoWatched = false;
    socket.onopen = () => {
      if (this.#socket === socket) this.#introduce();
    };
    socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
      if (this.#socket !== socket) return;
      this.#heardAtMs = Date.now();
      this.#askedAtMs = null;
      if (typeof data === "string") {
        const message = parseHubMessage(data);
        if (message !== null) this.#takeMessage(message);
      } else {
        this.#takeOutput(new Uint8Array(data));
      }
    };
    socket.onclose = () => {
      if (this.#socket === socket) this.#lost();
    };
    this.#heartbeat = setInterval(() => this.#beat(), pingEveryMs);
  }

  #introduce(): void {
    const { sessionId } = this.#state;
    if (sessionId !== null) {
      this.#send({ type: "attach", sessionId, from: this.#output.next, ...this.#size });
    } else if (this.#target.kind === "asset") {
      this.#apply({ type: "asked" });
      const { kind, login, ...open } = this.#target;
      this.#target = { kind, ...open };
      this.#send({
        type: "open",
        ...open,
        ...(login === undefined ? {} : { login }),
        language: currentLanguage(),
        ...this.#size,
      });
    }
  }

  #takeMessage(message: HubMessage): void {
    switch (message.type) {
      case "opened":
        this.#takeOpened(message);
        break;
      case "snapshot":
        this.#output.startAt(message.offset);
        this.#changeEcho((echo) => echo.drawn(message.offset));
        this.#listener.onSnapshot(message);
        break;
      case "input-ack":
        this.#input.acknowledge(message.offset);
        this.#listener.onInputTaken(message.offset);
        this.#sendInput();
        break;
      case "echo":
        this.#changeEcho((echo) => echo.heard(message, message.offset));
        break;
      case "pong":
        this.#apply({ type: "pong", roundTripMs: Date.now() - message.t });
        break;
      case "agent":
        this.#apply({ ...message, atMs: Date.now() });
        break;
      case "viewers":
        this.#apply(message);
        break;
      case "line":
        this.#listener.onLine(message.line);
        break;
      case "resize":
        if (!this.#state.owner) this.#listener.onResize(message);
        break;
      case "ended": {
        const { reason, exitCode, signal } = message;
        this.#finish({ kind: "ended", reason, exitCode, signal });
        break;
      }
      case "error": {
        const { code, message: sentence, facts = {} } = message;
        if (this.#state.sessionId !== null && this.#state.phase === "rejoining" && passingRefusals.has(code)) {
          this.#waitForHub(code === "agent-offline" ? "agent-awaited" : "lost");
          break;
        }
        this.#finish({ kind: "refused", code, message: sentence, facts });
        break;
      }
    }
  }

  #takeOpened(message: HubMessage & { type: "opened" }): void {
    const { sessionId, assetName, account, owner, answers, cols, rows } = message;
    if (this.#output.next === null) this.#output.startAt(message.outputOffset);
    this.#input.resume(message.inputOffset);
    this.#listener.onLine({ state: "free" }); // what holds now is told after this
    this.#apply({ type: "opened", sessionId, assetName, account, owner, answers, atMs: Date.now() });
    this.#send({ type: "ping", t: Date.now() });
    this.#sendEchoWish();
    this.#sendInput();
    if (!owner) this.#listener.onResize(message);
    else if (cols !== this.#size.cols || rows !== this.#size.rows) this.#send({ type: "resize", ...this.#size });
  }

  #takeOutput(message: Uint8Array): void {
    const frame = decodeTerminalData(message);
    const fresh = frame === null ? "gap" : this.#output.accept(frame.offset, frame.data);
    // A gap cannot be drawn over. Rejoining asks for exactly the missing bytes.
    if (fresh === "gap") {
      this.#lost();
      return;
    }
    const end = this.#output.next;
    if (fresh.length === 0 || end === null) return;
    this.#listener.onOutput(fresh, () => {
      this.#output.consumed(end);
      this.#changeEcho((echo) => echo.drawn(end));
      this.#acknowledgeSoon();
    });
  }

  #sendEchoWish(): void {
    if (this.#state.phase !== "live" || !this.#state.owner || this.#echoWanted === this.#echoWatched) return;
    this.#echoWatched = this.#echoWanted;
    this.#send({ type: "watch-echo", on: this.#echoWanted });
    if (!this.#echoWanted) this.#changeEcho((echo) => echo.forget());
  }

  #changeEcho(change: (echo: EchoGate) => void): void {
    const before = this.#echo.open;
    change(this.#echo);
    if (this.#echo.open !== before) this.#listener.onEcho(this.#echo.open);
  }

  #acknowledgeSoon(): void {
    if (this.#output.acknowledgementIsDue) this.#acknowledge();
    else this.#acknowledgement ??= setTimeout(() => this.#acknowledge(), acknowledgeWithinMs);
  }

  #acknowledge(): void {
    clearTimeout(this.#acknowledgement);
    this.#acknowledgement = undefined;
    const offset = this.#output.takeAcknowledgement();
    if (offset !== null) this.#send({ type: "ack", offset });
  }

  #sendInput(): void {
    if (this.#state.phase !== "live") return;
    for (let chunk = this.#input.take(); chunk !== null; chunk = this.#input.take()) {
      this.#socket?.send(encodeTerminalData(chunk.offset, chunk.data));
    }
  }

  #send(message: ConsoleMessage): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  #beat(): void {
    const now = Date.now();
    const overslept = now - this.#beatAtMs > 3 * pingEveryMs;
    this.#beatAtMs = now;
    // Timers of a hidden tab or a sleeping machine come late: silence counts from an unanswered ping, not from the last word.
    if (overslept) this.#probeNow();
    else if (now - (this.#askedAtMs ?? now) > silenceMs || (this.#opening && now - this.#heardAtMs > silenceMs)) this.#lost();
    else this.#ping();
  }

  get #opening(): boolean {
    return this.#socket?.readyState === WebSocket.CONNECTING;
  }

  #ping(): void {
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    this.#askedAtMs ??= Date.now();
    this.#send({ type: "ping", t: Date.now() });
  }

  #probeNow(): void {
    const askedMs = Date.now();
    this.#ping();
    clearTimeout(this.#probe);
    this.#probe = setTimeout(() => {
      if (this.#heardAtMs >= askedMs || this.#state.phase === "ended") return;
      this.#lost();
      this.retryNow();
    }, probeMs);
  }

  #lost(): void {
    this.#waitForHub("lost");
  }

  #waitForHub(why: "lost" | "agent-awaited"): void {
    this.leave();
    this.#apply({ type: why, atMs: Date.now() });
    if (this.#state.phase !== "waiting") return;
    this.#redial = setTimeout(() => this.#dial(), backoffMs(this.#state.attempt, Math.random()));
  }

  #finish(ending: Ending): void {
    this.#apply({ type: "finished", ending });
    this.leave();
  }

  #stopTimers(): void {
    clearTimeout(this.#redial);
    clearTimeout(this.#probe);
    clearTimeout(this.#acknowledgement);
    clearInterval(this.#heartbeat);
    this.#acknowledgement = undefined;
  }

  #apply(event: LinkEvent): void {
    const next = nextLinkState(this.#state, event);
    if (next === this.#state) return;
    this.#state = next;
    this.#listener.onState(next);
  }
}
