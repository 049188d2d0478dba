// Keeps one link to the hub, for ever: dial, sign in, say Hello, wait for Welcome, carry messages, begin again.
// Trying never fails the loop. What messages mean is decided elsewhere.
//
//   dial ──► sign in ──► Hello ──► Welcome ──► up ──┐
//    ▲                                              │ any failure, Goaway, silence
//    └────────────── wait (backoff) ◄───────────────┘
import type { KeyObject } from "node:crypto";
import net from "node:net";
import type { Frame } from "@sallyport/protocol/stream/frame";
import type { FrameSink } from "@sallyport/protocol/stream/mux";
import type { DownMessage } from "@sallyport/protocol/wire";
import type { Config } from "../config.ts";
import type { Log } from "../log.ts";
import type { Identity } from "../state/identity.ts";
import { reconnectDelayMs } from "./backoff.ts";
import { type Connection, signIn, type UpBody } from "./connection.ts";
import { dial } from "./dial.ts";
import { explainDial, timedOut } from "./explain.ts";
import { nextRoute, type Transport } from "./routes.ts";

/** From Hello to Welcome. A hub that is starting may read its database first. */
const welcomeDeadlineMs = 10_000;

/** A link that held this long was a good one: the next failure is the first. */
const steadyMs = 10_000;

export type LinkState = { online: true; transport: Transport } | { online: false; reason: string };

export type LinkHooks = {
  hello(): UpBody;
  onMessage(message: DownMessage): void;
  onFrame(frame: Frame): void;
  onRoom(): void;
  /** Called with every change, the first try included. */
  onState(state: LinkState): void;
  sessionsLive(): boolean;
};

export class Link {
  readonly #identity: Identity;
  readonly #key: KeyObject;
  readonly #config: Config;
  readonly #log: Log;
  readonly #hooks: LinkHooks;
  readonly #random: () => number;
  #connection: Connection | null = null;
  #welcomed: (() => void) | null = null;
  #up = false;
  #stopped = false;
  #awayMs: number | null = null;
  #worked: Transport | null = null;
  #wakeEarly: () => void = () => {};

  constructor(options: {
    identity: Identity;
    key: KeyObject;
    config: Config;
    log: Log;
    hooks: LinkHooks;
    random?: () => number;
  }) {
    this.#identity = options.identity;
    this.#key = options.key;
    this.#config = options.config;
    this.#log = options.log;
    this.#hooks = options.hooks;
    this.#random = options.random ?? Math.random;
  }

  /** Runs until {@link stop}. */
  async run(): Promise<void> {
    let failures = 0;
    while (!this.#stopped) {
      const startedMs = performance.now();
      const reason = await this.#once(failures);
      const wasUp = this.#up;
      this.#connection = null;
      this.#up = false;
      if (this.#stopped) break;
      failures = wasUp && performance.now() - startedMs > steadyMs ? 0 : failures + 1;
      this.#log.warn(`link ${wasUp ? "lost" : "failed"}: ${reason}`);
      this.#hooks.onState({ online: false, reason });
      await this.#wait(
        this.#awayMs === null
          ? reconnectDelayMs(failures, this.#hooks.sessionsLive(), this.#random())
          : this.#random() * this.#awayMs,
      );
      this.#awayMs = null;
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#connection?.close();
    this.#wakeEarly();
  }

  /** False when there is no link: whoever needs the message to arrive says it again after the next Welcome. */
  send(body: UpBody): boolean {
    if (!this.#up || this.#connection === null) return false;
    this.#connection.send(body);
    return true;
  }

  /** Where the hub is, as far as this link knows. */
  get hubAddresses(): string[] {
    const { hostname } = new URL(this.#identity.hubUrl);
    return [hostname.replace(/^\[|\]$/g, ""), this.#connection?.hubAddress ?? ""].filter((address) => net.isIP(address) !== 0);
  }

  /** The hub answered Hello: frames may go to `node`. Null when the link is gone meanwhile. */
  welcome(node: string): FrameSink | null {
    if (this.#connection === null || this.#welcomed === null) return null;
    this.#connection.speakTo(node);
    this.#up = true;
    this.#welcomed();
    return this.#connection.frames;
  }

  /** The hub asks us to leave; come back after a random part of `afterMs`. */
  goAway(afterMs: number): void {
    this.#awayMs = afterMs;
    this.#connection?.close();
  }

  /** Something is wrong with this link; try another. */
  drop(): void {
    this.#connection?.close();
  }

  /** One link from dialling to its end. Never throws: returns why it ended. */
  async #once(failures: number): Promise<string> {
    const route = nextRoute(this.#identity, failures, this.#worked);
    const where = `${route.host}:${route.port}`;
    try {
      const wire = await dial(route, this.#identity, this.#config);
      const connection = await signIn(wire, this.#identity, this.#key, {
        onMessage: (message) => message !== null && this.#hooks.onMessage(message),
        onFrame: this.#hooks.onFrame,
        onRoom: this.#hooks.onRoom,
      });
      this.#connection = connection;
      if (this.#stopped) connection.close();
      await this.#greet(connection);
      if (this.#worked !== "mqtts") this.#worked = wire.transport;
      this.#log.info(`link up: ${where} over ${wire.transport}`);
      this.#hooks.onState({ online: true, transport: wire.transport });
      return await connection.closed;
    } catch (error) {
      this.#connection?.close();
      return error instanceof Error && error.name === "NotAdmitted" ? error.message : explainDial(error, where);
    } finally {
      this.#welcomed = null;
    }
  }

  async #greet(connection: Connection): Promise<void> {
    const welcomed = new Promise<void>((resolve) => {
      this.#welcomed = resolve;
    });
    connection.send(this.#hooks.hello());
    let timer: NodeJS.Timeout | undefined;
    try {
      await Promise.race([
        welcomed,
        connection.closed.then((reason) => Promise.reject(new Error(reason))),
        new Promise<never>((_, reject) => {
          timer = setTimeout(() => reject(timedOut()), welcomeDeadlineMs);
        }),
      ]);
    } finally {
      clearTimeout(timer);
    }
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wakeEarly = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
