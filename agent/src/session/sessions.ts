// The sessions of this agent, by stream. Opens and finds them; what one does is in its own file.

import { isId } from "@sallyport/protocol/ids";
import { commandBytesMax, executionsAtOnceMax, keepTerminalSecondsDefault, streamsPerLinkMax } from "@sallyport/protocol/limits";
import type { StreamMux } from "@sallyport/protocol/stream/mux";
import type { wire } from "@sallyport/protocol/wire";
import type { Config } from "../config.ts";
import { connect } from "../dial/connect.ts";
import { DialSession } from "../dial/dial-session.ts";
import type { UpBody } from "../link/connection.ts";
import { type Log, reasonOf } from "../log.ts";
import { accepted, type Outcome, refused } from "../orders/order-gate.ts";
import type { SshConnection } from "../ssh/connection.ts";
import { ExecSession } from "../ssh/exec-session.ts";
import type { Neighbours } from "../ssh/neighbours.ts";
import { SshTerminal } from "../ssh/ssh-terminal.ts";
import { cleanEnvironment, readAccount } from "./account.ts";
import { EchoLooks } from "./echo-watch.ts";
import { Pty } from "./pty.ts";
import { liveStreamOf, type Session } from "./session.ts";
import { clampCells, type Terminal, type TerminalOwner } from "./terminal.ts";
import { TerminalSession } from "./terminal-session.ts";

/** An asset has one address of its own, at most a few. */
const allowedMax = 16;

/** Terminals leave room for the scripts: running ones and those whose output is still on its way. */
const sessionsMax = streamsPerLinkMax - 2 * executionsAtOnceMax;

/** A terminal type is a word of terminfo. */
const termPattern = /^[A-Za-z0-9][A-Za-z0-9+._-]{0,63}$/;

/** Two weeks: longer ones setTimeout would take for none. */
const timeoutSecondsMax = 14 * 86_400;

const termOf = ({ term }: wire.OpenShell.$Properties): string => (term && termPattern.test(term) ? term : "xterm-256color");

const keepMsOf = ({ keepSeconds }: { keepSeconds?: number | null }): number =>
  (keepSeconds || keepTerminalSecondsDefault) * 1_000;

/** The link may have filled up with streams while the neighbour was being reached. */
function orHangUp(
  { connection, secretLines }: { connection: SshConnection; secretLines: Buffer | null },
  join: () => void,
): void {
  try {
    join();
  } catch (error) {
    secretLines?.fill(0);
    connection.end();
    throw error;
  }
}

export class Sessions {
  readonly #mux: StreamMux;
  readonly #config: Config;
  readonly #log: Log;
  readonly #hubAddresses: () => string[];
  readonly #send: (body: UpBody) => boolean;
  readonly #neighbours: Neighbours;
  readonly #echoLooks = new EchoLooks();
  readonly #sessions = new Map<number, Session>();
  #linked = false;
  /** Connections on their way: each will be a session, so each counts as one. */
  #opening = 0;

  constructor(options: {
    mux: StreamMux;
    config: Config;
    log: Log;
    hubAddresses: () => string[];
    send: (body: UpBody) => boolean;
    neighbours: Neighbours;
  }) {
    this.#mux = options.mux;
    this.#config = options.config;
    this.#log = options.log;
    this.#hubAddresses = options.hubAddresses;
    this.#send = options.send;
    this.#neighbours = options.neighbours;
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
    const refusal = this.#refusal(sessionId);
    if (refusal !== null) return refusal;
    const account = readAccount();
    const env = cleanEnvironment(account, this.#config, {
      TERM: termOf(order),
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
      this.#addTerminal(stream, sessionId, order, (owner) => new Pty(shell, owner));
      this.#log.info(`terminal ${sessionId} opened as ${account.name}`);
      return accepted;
    } catch (error) {
      this.#log.error(`terminal ${sessionId} not opened: ${reasonOf(error)}`);
      return refused("spawn-failed", `The shell ${account.shell} did not start: ${reasonOf(error)}`);
    }
  }

  /** Opens a shell on a neighbour for `order`, whose number the stream takes. Resolves when it stands or has been refused. */
  async openNeighbour(stream: number, order: wire.OpenShell.$Properties, ssh: wire.SshTarget.$Properties): Promise<Outcome> {
    const sessionId = order.sessionId ?? "";
    const refusal = this.#refusal(sessionId);
    if (refusal !== null) return refusal;
    const pty = { term: termOf(order), columns: clampCells(order.columns ?? 80), rows: clampCells(order.rows ?? 24) };
    this.#opening++;
    try {
      const opened = await this.#neighbours.open({ sequence: stream, subjectId: sessionId, ssh }, ({ su }) => ({
        command: su === null ? null : `su - ${su.username}`,
        pty,
      }));
      if (!opened.ok) return opened.outcome;
      orHangUp(opened, () => this.#addTerminal(stream, sessionId, order, (owner) => new SshTerminal(opened, owner)));
      this.#log.info(`terminal ${sessionId} opened on a neighbour`);
      return accepted;
    } finally {
      this.#opening--;
    }
  }

  /** Runs a command on a neighbour for `order`, whose number the stream takes. Resolves when it runs or has been refused. */
  async openExec(stream: number, order: wire.OpenExec.$Properties): Promise<Outcome> {
    const sessionId = order.sessionId ?? "";
    const command = order.command ?? "";
    const refusal = this.#refusal(sessionId);
    if (refusal !== null) return refusal;
    if (!order.ssh) return refused("malformed", "The order names no neighbour to run the command on.");
    if (command === "" || command.includes("\0") || Buffer.byteLength(command) > commandBytesMax)
      return refused("malformed", `The order holds no command of 1 to ${commandBytesMax} bytes.`);
    if (order.ssh.su) return refused("malformed", "A second account is for terminals only.");
    this.#opening++;
    try {
      const wanted = { sequence: stream, subjectId: sessionId, ssh: order.ssh, secretLines: order.secretLines ?? [] };
      const opened = await this.#neighbours.open(wanted, () => ({ command, pty: null }));
      if (!opened.ok) return opened.outcome;
      const options = {
        ...opened,
        stream,
        sessionId,
        keepMs: keepMsOf(order),
        timeoutMs: Math.min(order.timeoutSeconds ?? 0, timeoutSecondsMax) * 1_000,
        outputBytesMax: order.outputBytesMax ?? 0,
        mux: this.#mux,
        onGone: () => this.#gone(stream, "command"),
      };
      orHangUp(opened, () => this.#add(stream, new ExecSession(options)));
      this.#log.info(`command ${sessionId} runs on a neighbour`);
      return accepted;
    } finally {
      this.#opening--;
    }
  }

  /** Connects for `order`, whose number the stream takes. Resolves when the connection stands or has failed. */
  async openDial(stream: number, order: wire.OpenDial.$Properties): Promise<Outcome> {
    const sessionId = order.sessionId ?? "";
    const refusal = this.#refusal(sessionId);
    if (refusal !== null) return refusal;
    const session = new DialSession({
      stream,
      sessionId,
      keepMs: keepMsOf(order),
      mux: this.#mux,
      onGone: () => this.#gone(stream, "connection"),
    });
    this.#opening++;
    try {
      const target = {
        host: order.host ?? "",
        port: order.port ?? 0,
        allowed: (order.allowed ?? []).slice(0, allowedMax),
        timeoutMs: order.connectTimeoutMs ?? 0,
      };
      const dialled = await connect(target, { hub: this.#hubAddresses(), onread: session.onread });
      if (!dialled.ok) return refused(dialled.code, dialled.message);
      session.begin(dialled.socket);
      this.#add(stream, session);
      this.#log.info(`connection ${sessionId} opened`);
      return accepted;
    } finally {
      this.#opening--;
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

  #refusal(sessionId: string): Outcome | null {
    if (!isId("ses", sessionId)) return refused("malformed", "The order names no session.");
    if (this.#sessions.size + this.#opening < sessionsMax && !this.#mux.full) return null;
    return refused("busy", `This agent already has ${this.#sessions.size} sessions open.`);
  }

  /** @throws when the terminal cannot be made. */
  #addTerminal(
    stream: number,
    sessionId: string,
    order: wire.OpenShell.$Properties,
    open: (owner: TerminalOwner) => Terminal,
  ): void {
    const session = new TerminalSession({
      stream,
      sessionId,
      open,
      keepMs: keepMsOf(order),
      mux: this.#mux,
      echoLooks: this.#echoLooks,
      onEchoChanged: (mode, outputOffset) => this.#send({ echoChanged: { ...mode, stream, outputOffset } }),
      onGone: () => this.#gone(stream, "terminal"),
    });
    this.#add(stream, session);
  }

  #add(stream: number, session: Session): void {
    this.#sessions.set(stream, session);
    if (!this.#linked) session.linkLost();
  }

  #gone(stream: number, what: "terminal" | "connection" | "command"): void {
    const session = this.#sessions.get(stream);
    this.#sessions.delete(stream);
    if (session !== undefined) this.#log.info(`${what} ${session.sessionId} closed`);
  }
}
