// Which windows need to know how a terminal treats what is typed, and what its agent last said of it. It is told to those windows and kept
// nowhere: a recording holds what was printed, and nothing else.
//
//   watchers    0 ──► 1      the agent is asked to tell
//               1 ──► 0      it is asked to stop, and what it said is forgotten
//   a new link               it is asked again: agents forget with the link

export type EchoMode = {
  /** The terminal itself prints what is typed. */
  echo: boolean;
  /** The terminal itself edits the line; false: a program draws what it wants, as an editor and readline do. */
  canonical: boolean;
  /** Output that the agent had taken from the terminal when it looked. */
  offset: number;
};

export type EchoWatcher = { onEcho(mode: EchoMode): void };

/** A window may change its mind as often as it likes; the agent, which has a bounded queue, hears of it this often. */
const betweenAsksMs = 200;

export class EchoWatch {
  readonly #ask: (on: boolean) => void;
  readonly #watchers = new Set<EchoWatcher>();
  #mode: EchoMode | null = null;
  #asked = false;
  #pause: NodeJS.Timeout | null = null;
  #ended = false;

  constructor(ask: (on: boolean) => void) {
    this.#ask = ask;
  }

  /** From now on this window is told, at once when something is known; or no longer. */
  watch(watcher: EchoWatcher, on: boolean): void {
    if (this.#ended) return;
    if (!on) this.#watchers.delete(watcher);
    else if (!this.#watchers.has(watcher)) {
      this.#watchers.add(watcher);
      if (this.#mode !== null) watcher.onEcho(this.#mode);
    }
    if (this.#watchers.size === 0) this.#mode = null;
    this.#askIfChanged();
  }

  /** The agent is back over a new link. */
  askAgain(): void {
    if (this.#asked) this.#ask(true);
  }

  /** The agent's word. One that nobody asked for, or that says nothing new, goes no further. */
  heard(mode: EchoMode): void {
    if (this.#watchers.size === 0) return;
    if (mode.echo === this.#mode?.echo && mode.canonical === this.#mode.canonical) return;
    this.#mode = mode;
    for (const watcher of this.#watchers) watcher.onEcho(mode);
  }

  /** The session is over; its agent knows. */
  end(): void {
    this.#ended = true;
    this.#watchers.clear();
    if (this.#pause !== null) clearTimeout(this.#pause);
  }

  #askIfChanged(): void {
    const on = this.#watchers.size > 0;
    if (this.#pause !== null || on === this.#asked) return;
    this.#asked = on;
    this.#ask(on);
    this.#pause = setTimeout(() => {
      this.#pause = null;
      this.#askIfChanged();
    }, betweenAsksMs);
  }
}
