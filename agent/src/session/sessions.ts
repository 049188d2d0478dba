// The sessions of this agent, by stream. Opens and finds them; what one does is in its own file.

import { isId } from "@sallyport/protocol/ids";
import { executionsAtOnceMax, keepTerminalSecondsDefault, streamsPerLinkMax } from "@sallyport/protocol/limits";
import type { StreamMux } from "@sallyport/protocol/stream/mux";
import type { wire } from "@sallyport/protocol/wire";
import type { Config } from "../config.ts";
import { connect } from "../dial/connect.ts";
import { DialSession } from "../dial/dial-session.ts";
import type { UpBody } from "../link/connection.ts";
import { type Log, reasonOf } from "../log.ts";
import { accepted, type Outcome, refused } from "../orders/order-gate.ts";
import { cleanEnvironment, readAccount } from "./account.ts";
import { EchoLooks } from "./echo-watch.ts";
import { Pty } from "./pty.ts";
import { liveStreamOf, type Session } from "./session.ts";
import { clampCells } from "./terminal.ts";
import { TerminalSession } from "./terminal-session.ts";

/** An asset has one address of its own, at most a few. */
const allowedMax = 16;

/** Terminals leave room for the scripts: running ones and those whose output is still on its way. */
const sessionsMax = streamsPerLinkMax - 2 * executionsAtOnceMax;

/** A terminal type is a word of terminfo. */
const termPattern = /^[A-Za-z0-9][A-Za-z0-9+._-]{0,63}$/;

export class Sessions {
  readonly #mux: StreamMux;
  readonly #config: Config;
  readonly #log: Log;
  readonly #hubAddresses: () => string[];
  readonly #send: (body: UpBody) => boolean;
  readonly #echoLooks = new EchoLooks();
  readonly #sessions = new Map<number, Session>();
  #linked = false;
  #dialling = 0;

  constructor(options: {
    mux: StreamMux;
    config: Config;
    log: Log;
    hubAddresses: () => string[];
    send: (body: UpBody) => boolean;
  }) {
    this.#mux = options.mux;
    this.#config = options.config;
    this.#log = options.log;
    this.#hubAddresses = options.hubAddresses;
    this.#send = options.send;
  }

  get live(): number {
    return this.#sessions.size;
  }

  get(stream: number): Session | undefined {
    return this.#sessions.get(stream);
  }

  /** Starts a login shell for `order`, whose number the stream takes. */
  openShell(stream: number, order: wire.OpenShell.$Properties): Outcome {
    const sessionId = order.sessionId ?? "";
    if (!isId("ses", sessionId)) return refused("malformed", "The order names no session.");
    if (this.#sessions.size >= sessionsMax || this.#mux.full)
      return refused("busy", `This agent already has ${this.#sessions.size} terminals open.`);
    const account = readAccount();
    const env = cleanEnvironment(account, this.#config, {
      TERM: termPattern.test(order.term ?? "") ? (order.term ?? "") : "xterm-256color",
      COLORTERM: "truecolor",
      SALLYPORT_SESSION: sessionId,
      SALLYPORT_USER: (order.person ?? "").replaceAll("\0", ""),
    });
    const shell = {
      file: account.shell,
      args: ["-l"],
      cwd: account.home,
      env,
      columns: clampCells(order.columns ?? 80),
      rows: clampCells(order.rows ?? 24),
    };
    try {
      const session = new TerminalSession({
        stream,
        sessionId,
        open: (owner) => new Pty(shell, owner),
        keepMs: (order.keepSeconds || keepTerminalSecondsDefault) * 1_000,
        mux: this.#mux,
        echoLooks: this.#echoLooks,
        onEchoChanged: (mode, outputOffset) => this.#send({ echoChanged: { ...mode, stream, outputOffset } }),
        onGone: () => this.#gone(stream, "terminal"),
      });
      this.#sessions.set(stream, session);
      if (!this.#linked) session.linkLost();
      this.#log.info(`terminal ${sessionId} opened as ${account.name}`);
      return accepted;
    } catch (error) {
      this.#log.error(`terminal ${sessionId} not opened: ${reasonOf(error)}`);
      return refused("spawn-failed", `The shell ${account.shell} did not start: ${reasonOf(error)}`);
    }
  }

  /** Connects for `order`, whose number the stream takes. Resolves when the connection stands or has failed. */
  async openDial(stream: number, order: wire.OpenDial.$Properties): Promise<Outcome> {
    const sessionId = order.sessionId ?? "";
    if (!isId("ses", sessionId)) return refused("malformed", "The order names no session.");
    if (this.#sessions.size + this.#dialling >= sessionsMax || this.#mux.full)
      return refused("busy", `This agent already has ${this.#sessions.size} sessions open.`);
    const session = new DialSession({
      stream,
      sessionId,
      keepMs: (order.keepSeconds || keepTerminalSecondsDefault) * 1_000,
      mux: this.#mux,
      onGone: () => this.#gone(stream, "connection"),
    });
    this.#dialling++;
    try {
      const target = {
        host: order.host ?? "",
        port: order.port ?? 0,
        allowed: (order.allowed ?? []).slice(0, allowedMax),
        timeoutMs: order.connectTimeoutMs ?? 0,
      };
      const dialled = await connect(target, { hub: this.#hubAddresses(), onread: session.onread });
      if (!dialled.ok) return refused(dialled.code, dialled.message);
      this.#sessions.set(stream, session);
      session.begin(dialled.socket);
      if (!this.#linked) session.linkLost();
      this.#log.info(`connection ${sessionId} opened`);
      return accepted;
    } finally {
      this.#dialling--;
    }
  }

  /** A terminal that has ended, or is none, needs no watching. */
  watchEcho(stream: number, on: boolean): void {
    const session = this.#sessions.get(stream);
    if (session instanceof TerminalSession) session.watchEcho(on);
  }

  linkLost(): void {
    this.#linked = false;
    for (const session of this.#sessions.values()) session.linkLost();
  }

  linkBack(): void {
    this.#linked = true;
    for (const session of this.#sessions.values()) session.linkBack();
  }

  liveStreams(): wire.LiveStream.$Properties[] {
    return [...this.#sessions.values()].map(liveStreamOf);
  }

  /** The agent stops: the kernel hangs up what is left, but a shell deserves to hear it from us. */
  closeAll(): void {
    for (const session of this.#sessions.values()) session.abandon();
  }

  #gone(stream: number, what: "terminal" | "connection"): void {
    const session = this.#sessions.get(stream);
    this.#sessions.delete(stream);
    if (session !== undefined) this.#log.info(`${what} ${session.sessionId} closed`);
  }
}
