// The worker behind Screens: one headless terminal per log in hand, moved forward through the log, never backward.
import { appendFile, readFile } from "node:fs/promises";
import { parentPort } from "node:worker_threads";
import { decodeResize, logEventKinds } from "@sallyport/protocol/log-events";
import { SerializeAddon } from "@xterm/addon-serialize";
import { Terminal } from "@xterm/headless";
import { LogFile } from "../logs/log-file.ts";
import { keyframesOf } from "../logs/log-places.ts";
import type { Keyframe, Screen, ScreenAnswer, ScreenRequest } from "./screens.ts";

/** Output between two keyframes: xterm parses it in about 60 ms, so any seek is under that plus one fetch. */
const keyframeBytes = 1024 * 1024;
/** Lines above the screen that a rejoining window gets back. */
const scrollback = 1_000;
/** Terminals kept in hand, each a few megabytes. */
const terminalsMax = 8;
/** Between background steps, so that questions are answered in between. */
const stepChunks = 16;

class Replayer {
  readonly file: string;
  readonly log: LogFile;
  #terminal: Terminal;
  #serializer = new SerializeAddon();
  /** Next chunk to feed, and offset and time fed so far. */
  #chunk = 0;
  offset = 0;
  #atMs = 0;
  #lastKeyframe = 0;

  constructor(file: string, log: LogFile) {
    this.file = file;
    this.log = log;
    this.#terminal = this.#fresh(log.header.columns, log.header.rows);
  }

  get finished(): boolean {
    return this.#chunk >= this.log.chunks.length;
  }

  /** Starts from a kept screen. */
  async restore(from: Screen): Promise<void> {
    this.#terminal.dispose();
    this.#terminal = this.#fresh(from.columns, from.rows);
    await this.#write(from.screen);
    this.#chunk = this.log.chunkAt("output", from.offset);
    this.offset = from.offset;
    this.#atMs = from.atMs;
    this.#lastKeyframe = from.offset;
  }

  /** Feeds up to `offset`, or at most so many chunks; keeps keyframes on the way. Always ends at a chunk's end unless `offset` lies inside. */
  async advance(offset: number, chunksMax = Number.POSITIVE_INFINITY): Promise<void> {
    for (let fed = 0; fed < chunksMax && this.offset < offset && !this.finished; fed++) {
      const span = this.log.chunks[this.#chunk]?.output;
      if (span === undefined) return;
      let at = span.offset;
      for (const event of await this.log.events(this.#chunk)) {
        if (event.kind === logEventKinds.resize && at >= this.offset) {
          const { columns, rows } = decodeResize(event.data);
          this.#terminal.resize(Math.max(1, columns), Math.max(1, rows));
        }
        if (event.kind !== logEventKinds.output) continue;
        const part = event.data.subarray(Math.max(0, this.offset - at), Math.max(0, offset - at));
        at += event.data.length;
        if (part.length === 0) continue;
        await this.#write(part);
        this.offset += part.length;
        this.#atMs = event.atMs;
      }
      if (this.offset >= span.offset + span.bytes) this.#chunk++;
      if (this.offset - this.#lastKeyframe >= keyframeBytes) await this.#keep();
    }
  }

  screen(): Screen {
    return {
      offset: this.offset,
      atMs: this.#atMs,
      columns: this.#terminal.cols,
      rows: this.#terminal.rows,
      screen: this.#serializer.serialize({ scrollback }),
    };
  }

  async dispose(): Promise<void> {
    this.#terminal.dispose();
    await this.log.close();
  }

  async #keep(): Promise<void> {
    this.#lastKeyframe = this.offset;
    await appendFile(keyframesOf(this.file), `${JSON.stringify(this.screen())}\n`, { mode: 0o600 });
  }

  #fresh(cols: number, rows: number): Terminal {
    const terminal = new Terminal({
      cols: Math.max(1, cols),
      rows: Math.max(1, rows),
      scrollback,
      allowProposedApi: true,
      logLevel: "off", // what a terminal prints is no news of the hub's
    });
    this.#serializer = new SerializeAddon();
    terminal.loadAddon(this.#serializer);
    return terminal;
  }

  #write(data: Uint8Array | string): Promise<void> {
    return new Promise((resolve) => this.#terminal.write(data, resolve));
  }
}

/** Lines that do not parse are a write cut by a crash: skipped. */
async function keptScreens(file: string): Promise<Screen[]> {
  const text = await readFile(keyframesOf(file), "utf8").catch(() => "");
  return text.split("\n").flatMap((line): Screen[] => {
    try {
      return line === "" ? [] : [JSON.parse(line)];
    } catch {
      return [];
    }
  });
}

const replayers = new Map<string, Replayer>();
const background = new Set<string>();

async function replayerFor(file: string, offset: number): Promise<Replayer> {
  const held = replayers.get(file);
  if (held !== undefined && held.offset <= offset) {
    await held.log.refresh();
    return held;
  }
  const replayer = new Replayer(file, await LogFile.open(file));
  const from = (await keptScreens(file))
    .filter((kept) => kept.offset <= offset)
    .sort((a, b) => a.offset - b.offset)
    .at(-1);
  if (from !== undefined) await replayer.restore(from);
  if (held !== undefined) return replayer; // a look back: used once, the one that moves forward stays
  replayers.set(file, replayer);
  for (const [oldest, other] of replayers) {
    if (replayers.size <= terminalsMax) break;
    replayers.delete(oldest);
    await other.dispose();
  }
  return replayer;
}

async function answer(request: ScreenRequest): Promise<ScreenAnswer> {
  if (request.want === "keyframes") {
    background.add(request.file);
    const keyframes = (await keptScreens(request.file)).map(
      ({ offset, atMs, columns, rows }): Keyframe => ({ offset, atMs, columns, rows }),
    );
    return { n: request.n, ok: true, keyframes };
  }
  const replayer = await replayerFor(request.file, request.offset);
  await replayer.advance(request.offset);
  const screen = replayer.screen();
  if (replayers.get(request.file) !== replayer) await replayer.dispose();
  return { n: request.n, ok: true, screen };
}

/** One request or one background step at a time. */
let queue: Promise<void> = Promise.resolve();

function enqueue(work: () => Promise<void>): void {
  queue = queue.then(work);
}

async function stepBackground(): Promise<void> {
  const [file] = background;
  if (file === undefined) return;
  try {
    const replayer = await replayerFor(file, Number.POSITIVE_INFINITY);
    await replayer.advance(Number.POSITIVE_INFINITY, stepChunks);
    if (replayer.finished) background.delete(file);
  } catch {
    background.delete(file); // damaged: the player says so when it gets there
  }
  if (background.size > 0) setImmediate(() => enqueue(stepBackground));
}

parentPort?.on("message", (request: ScreenRequest) => {
  enqueue(async () => {
    const reply = await answer(request).catch(
      (error: unknown): ScreenAnswer => ({ n: request.n, ok: false, message: error instanceof Error ? error.message : "failed" }),
    );
    parentPort?.postMessage(reply);
    if (background.size > 0) setImmediate(() => enqueue(stepBackground));
  });
});
