// Looks at how a terminal echoes while somebody needs to know, and says so when it changed. A look is a process, so none happens unless
// something went in or came out, and all terminals of the agent take turns.
//
//   activity ──30 ms──► look ──► look again 150 ms later: a program may print its prompt first and turn the echo off after it
//                         ▲                    │
//                         └── activity since ──┘
import { readTerminalMode, type TerminalMode } from "./terminal-mode.ts";

/** A program that has just printed or read something sets its mode within this, most of the time. */
const settleMs = 30;
/** Between looks at one terminal: seven processes a second beside a person who types. */
const betweenLooksMs = 150;
/** Between looks at any terminals: with many watched, this many processes are what the host pays and messages what the hub reads. */
const restMs = 20;

/** One look after another, whoever asks. One for the agent. */
export class EchoLooks {
  #free: Promise<unknown> = Promise.resolve();

  /** @param stillWanted asked when its turn has come: a terminal that has ended meanwhile is not opened. */
  look(slave: string, stillWanted: () => boolean): Promise<TerminalMode | null> {
    const turn = this.#free.then(() => (stillWanted() ? readTerminalMode(slave) : null));
    this.#free = turn.then(() => new Promise((resolve) => setTimeout(resolve, restMs)));
    return turn;
  }
}

export type EchoWatchOptions = {
  looks: EchoLooks;
  /** The terminal's device; null when there is none to look at. */
  slave: () => string | null;
  /** Output taken from the terminal so far. */
  outputEnd: () => number;
  tell: (mode: TerminalMode, outputOffset: number) => void;
};

export class EchoWatch {
  readonly #options: EchoWatchOptions;
  #on = false;
  #told: TerminalMode | null = null;
  #timer: NodeJS.Timeout | null = null;
  #looking = false;
  /** Something happened since the last look began. */
  #stale = false;
  #lookedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: EchoWatchOptions) {
    this.#options = options;
  }

  /** Tells the mode as it is, also when it was on already: the hub that asks may be another than before. */
  start(): void {
    this.#on = true;
    this.#told = null;
    this.activity();
  }

  stop(): void {
    this.#on = false;
    this.#stale = false;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** Bytes went in or came out. */
  activity(): void {
    if (!this.#on || this.#stale) return;
    this.#stale = true;
    if (!this.#looking) this.#lookIn(settleMs);
  }

  #lookIn(ms: number): void {
    const earliestMs = this.#lookedAtMs + betweenLooksMs - performance.now();
    this.#timer ??= setTimeout(() => void this.#look(), Math.max(ms, earliestMs));
  }

  async #look(): Promise<void> {
    this.#timer = null;
    const { looks, slave, outputEnd, tell } = this.#options;
    const device = slave();
    if (device === null) return;
    const followsActivity = this.#stale;
    this.#stale = false;
    this.#looking = true;
    this.#lookedAtMs = performance.now();
    const outputOffset = outputEnd();
    const mode = await looks.look(device, () => this.#on && slave() !== null);
    this.#looking = false;
    // Ended meanwhile: the device's number may be another terminal's by now.
    if (!this.#on || slave() === null) return;
    if (mode !== null && (mode.echo !== this.#told?.echo || mode.canonical !== this.#told.canonical)) {
      this.#told = mode;
      tell(mode, outputOffset);
    }
    if (this.#stale || followsActivity) this.#lookIn(betweenLooksMs);
  }
}
