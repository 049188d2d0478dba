// Plays a recording on a screen. Nothing a recording contains can leave this file: the screen has no input, no links,
// and nobody listens to what xterm would answer.
//
//   paused ◄──pause/end── playing ──next segment not here──► loading ──here──► playing
//     └──play──────────────▲           any ──seek──► loading ──drawn──► paused | playing
import { decodeResize, type LogEvent, logEventKinds } from "@sallyport/protocol/log-events";
import type { Terminal } from "@xterm/xterm";
import { type HubError, hubErrorOf } from "../api/hub-error.ts";
import { Store } from "../state/store.ts";
import { createScreen, fontsReady, settingsOptions } from "../terminal/screen.ts";
import { terminalSettings } from "../terminal/settings-store.ts";
import { ReplaySource } from "./replay-source.ts";
import { planSeek, type ReplayIndex } from "./seek-plan.ts";

/** A pause longer than this is idle time; a little of it is kept so that the eye sees the break. */
const idleMs = 2_000;
const idleKeptMs = 400;

/** How often a live recording is asked for more while we stand at its end. */
const livePollMs = 1_000;

/** React hears of the position this often; the screen is drawn every frame. */
const positionEveryMs = 100;

export const speeds: readonly number[] = [0.5, 1, 2, 4, 8, 16];

export interface PlayerState {
  index: ReplayIndex | null;
  positionMs: number;
  playing: boolean;
  loading: boolean;
  speed: number;
  skipIdle: boolean;
  failed: HubError | null;
}

export class Player {
  readonly state = new Store<PlayerState>({
    index: null,
    positionMs: 0,
    playing: false,
    loading: true,
    speed: 1,
    skipIdle: true,
    failed: null,
  });
  readonly #source: ReplaySource;
  readonly #xterm: Terminal;
  readonly #resize: ResizeObserver;
  readonly #unwatch: () => void;
  #host: HTMLElement | null = null;
  #positionMs = 0;
  #offset = 0;
  #segment = 0;
  #events: LogEvent[] = [];
  /** Output offset of the first event that is still in `#events`. */
  #eventsOffset = 0;
  #frame = 0;
  #poll: ReturnType<typeof setTimeout> | undefined;
  /** Raised by each seek, so that what an earlier one still fetches is dropped. */
  #generation = 0;
  #disposed = false;

  constructor(sessionId: string) {
    this.#source = new ReplaySource(sessionId);
    this.#xterm = createScreen({ disableStdin: true, cursorBlink: false, lineHeight: 1.1 }, { activate: () => undefined });
    this.#resize = new ResizeObserver(() => this.#fitFont());
    this.#unwatch = terminalSettings.watch(() => {
      const { theme, screenReaderMode, minimumContrastRatio } = settingsOptions();
      Object.assign(this.#xterm.options, { theme, screenReaderMode, minimumContrastRatio });
    });
  }

  async open(host: HTMLElement): Promise<void> {
    this.#host = host;
    await fontsReady();
    if (this.#disposed) return;
    this.#xterm.open(host);
    this.#resize.observe(host);
    await this.#guard(async () => {
      const index = await this.#source.index();
      this.state.change({ index });
      await this.seek(index.live ? index.durationMs : 0);
      if (!this.#disposed) this.play();
    });
  }

  dispose(): void {
    this.#disposed = true;
    this.#generation += 1;
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#poll);
    this.#resize.disconnect();
    this.#unwatch();
    this.#xterm.dispose();
  }

  play(): void {
    const { index, playing } = this.state.get();
    if (playing || index === null) return;
    const atEnd = this.#positionMs >= index.durationMs && !index.live;
    if (atEnd) return void this.#guard(() => this.seek(0).then(() => this.play()));
    this.state.change({ playing: true });
    this.#schedule(performance.now());
  }

  pause(): void {
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#poll);
    this.state.change({ playing: false, positionMs: this.#positionMs });
  }

  toggle(): void {
    if (this.state.get().playing) this.pause();
    else this.play();
  }

  setSpeed(speed: number): void {
    this.state.change({ speed });
  }

  stepSpeed(by: 1 | -1): void {
    const next = speeds[speeds.indexOf(this.state.get().speed) + by];
    if (next !== undefined) this.setSpeed(next);
  }

  setSkipIdle(skipIdle: boolean): void {
    this.state.change({ skipIdle });
  }

  seekTo(toMs: number): void {
    void this.#guard(() => this.seek(toMs));
  }

  async seek(toMs: number): Promise<void> {
    const { index } = this.state.get();
    if (index === null) return;
    const generation = ++this.#generation;
    const target = Math.min(Math.max(0, toMs), index.durationMs);
    this.state.change({ loading: true, positionMs: target, failed: null });
    const plan = planSeek(index, target);
    const keyframe = plan.keyframeOffset === null ? null : await this.#source.keyframe(plan.keyframeOffset);
    if (generation !== this.#generation) return;
    this.#xterm.reset();
    this.#setSize(keyframe?.cols ?? index.cols, keyframe?.rows ?? index.rows);
    if (keyframe !== null) this.#xterm.write(keyframe.screen);
    this.#offset = plan.fromOffset;
    this.#segment = plan.firstSegment;
    this.#events = [];
    this.#positionMs = target;
    await this.#drawUntil(target, generation);
    if (generation === this.#generation) this.state.change({ loading: false });
  }

  /** Draws everything up to `toMs` as fast as it comes. */
  async #drawUntil(toMs: number, generation: number): Promise<void> {
    for (;;) {
      this.#drawLoaded(toMs);
      if (this.#events.length > 0) return;
      const next = this.state.get().index?.segments[this.#segment];
      if (next === undefined || next.fromMs > toMs) return;
      const events = await this.#source.segment(next);
      if (generation !== this.#generation) return;
      this.#take(events);
    }
  }

  #take(events: LogEvent[]): void {
    this.#events = events;
    this.#segment += 1;
    this.#eventsOffset = this.state.get().index?.segments[this.#segment - 1]?.fromOffset ?? this.#offset;
    const following = this.state.get().index?.segments[this.#segment];
    // Fetched ahead, so that playing does not stop at the seam. A failure shows when it is really needed.
    if (following !== undefined) this.#source.segment(following).catch(() => undefined);
  }

  #drawLoaded(toMs: number): void {
    let drawn = 0;
    for (const event of this.#events) {
      if (event.atMs > toMs) break;
      drawn += 1;
      this.#draw(event);
    }
    if (drawn > 0) this.#events = this.#events.slice(drawn);
  }

  #draw({ kind, data }: LogEvent): void {
    if (kind === logEventKinds.resize) {
      const { columns, rows } = decodeResize(data);
      // A resize that came before the keyframe is already in it.
      if (this.#eventsOffset >= this.#offset) this.#setSize(columns, rows);
      return;
    }
    const start = this.#eventsOffset;
    this.#eventsOffset += data.length;
    if (this.#eventsOffset <= this.#offset) return;
    this.#xterm.write(data.subarray(Math.max(0, this.#offset - start)));
    this.#offset = this.#eventsOffset;
  }

  #schedule(lastMs: number): void {
    this.#frame = requestAnimationFrame((nowMs) => void this.#guard(() => this.#step(nowMs, nowMs - lastMs)));
  }

  async #step(nowMs: number, elapsedMs: number): Promise<void> {
    const { index, playing, speed, skipIdle } = this.state.get();
    if (!playing || index === null) return;
    const generation = this.#generation;
    const next = this.#events[0];
    const nextAtMs = next?.atMs ?? index.segments[this.#segment]?.fromMs;
    const reached = this.#positionMs + elapsedMs * speed;
    const idle = skipIdle && nextAtMs !== undefined && nextAtMs - this.#positionMs > idleMs;
    this.#positionMs = Math.min(index.durationMs, idle ? nextAtMs - idleKeptMs : reached);
    const before = this.#segment;
    await this.#drawUntil(this.#positionMs, generation);
    if (generation !== this.#generation || this.#disposed) return;
    // Time spent waiting for a segment is not time played.
    const fetched = this.#segment !== before;
    if (Math.abs(this.state.get().positionMs - this.#positionMs) >= positionEveryMs || idle)
      this.state.change({ positionMs: this.#positionMs });
    if (!this.state.get().playing) return;
    if (this.#positionMs < index.durationMs) return this.#schedule(fetched ? performance.now() : nowMs);
    if (!index.live) return this.pause();
    this.#poll = setTimeout(() => void this.#guard(() => this.#follow(generation)), livePollMs);
  }

  /** At the end of a live recording: look whether there is more. */
  async #follow(generation: number): Promise<void> {
    const index = await this.#source.index();
    if (generation !== this.#generation || !this.state.get().playing) return;
    // The last segment known may have grown: it is read again, and what was drawn of it is skipped by offset.
    if (index.outputBytes > this.#offset)
      this.#segment = Math.max(
        0,
        index.segments.findIndex(({ toOffset }) => toOffset > this.#offset),
      );
    this.state.change({ index });
    this.#positionMs = Math.max(this.#positionMs, index.durationMs - livePollMs);
    this.#schedule(performance.now());
  }

  #setSize(cols: number, rows: number): void {
    if (cols === this.#xterm.cols && rows === this.#xterm.rows) return;
    this.#xterm.resize(cols, rows);
    this.#fitFont();
  }

  /** The recording's size is fixed, so the letters are made to fit the window instead. */
  #fitFont(): void {
    if (this.#host === null) return;
    const { clientWidth, clientHeight } = this.#host;
    // JetBrains Mono: a cell is 0.6 em wide and 1.32 em high; see lineHeight above.
    const byWidth = (clientWidth - 24) / (this.#xterm.cols * 0.6);
    const byHeight = (clientHeight - 8) / (this.#xterm.rows * 1.32 * 1.1);
    this.#xterm.options.fontSize = Math.max(5, Math.min(20, Math.floor(Math.min(byWidth, byHeight) * 2) / 2));
  }

  async #guard(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!this.#disposed) this.state.change({ failed: hubErrorOf(error), loading: false, playing: false });
    }
  }
}
