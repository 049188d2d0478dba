// Screens: what a terminal showed at an offset of its log. A worker thread replays the log through a headless terminal, so that
// parsing megabytes never delays a keystroke. Screens it passes are kept as keyframes beside the log.
import { Worker } from "node:worker_threads";
import { HubError } from "../platform/errors.ts";

export type Screen = { offset: number; atMs: number; columns: number; rows: number; screen: string };
export type Keyframe = Omit<Screen, "screen">;
export type ScreenRequest =
  | { n: number; file: string; want: "screen"; offset: number }
  | { n: number; file: string; want: "keyframes" };
export type ScreenAnswer =
  | { n: number; ok: true; screen: Screen }
  | { n: number; ok: true; keyframes: Keyframe[] }
  | { n: number; ok: false; message: string };

/** A worker that has had nothing to do for this long gives its memory back. */
const idleMs = 30_000;
/** Requests waiting; each is a person who looks at a terminal. */
const waitingMax = 200;

type WithoutNumber<T> = T extends { n: number } ? Omit<T, "n"> : never;

export class Screens {
  #worker: Worker | null = null;
  #idle: NodeJS.Timeout | null = null;
  #next = 1;
  readonly #waiting = new Map<number, { resolve: (answer: ScreenAnswer) => void; reject: (error: Error) => void }>();
  readonly #script: URL;

  constructor(script: URL) {
    this.#script = script;
  }

  /** The screen at `offset` of the output, which must be durable. */
  async at(file: string, offset: number): Promise<Screen> {
    const answer = await this.#ask({ file, want: "screen", offset });
    if (!answer.ok || !("screen" in answer)) throw new HubError("log-damaged", answer.ok ? "No screen." : answer.message);
    return answer.screen;
  }

  /** Keyframes made so far; asking makes the worker continue with the rest in the background. */
  async keyframes(file: string): Promise<Keyframe[]> {
    const answer = await this.#ask({ file, want: "keyframes" });
    return answer.ok && "keyframes" in answer ? answer.keyframes : [];
  }

  async close(): Promise<void> {
    if (this.#idle !== null) clearTimeout(this.#idle);
    await this.#worker?.terminate();
  }

  async #ask(request: WithoutNumber<ScreenRequest>): Promise<ScreenAnswer> {
    if (this.#waiting.size >= waitingMax)
      throw new HubError("too-many", "Too many screens are being drawn; try again in a moment.");
    if (this.#idle !== null) clearTimeout(this.#idle);
    this.#idle = null;
    this.#worker ??= this.#start();
    const worker = this.#worker;
    const n = this.#next++;
    try {
      return await new Promise<ScreenAnswer>((resolve, reject) => {
        this.#waiting.set(n, { resolve, reject });
        worker.postMessage({ ...request, n });
      });
    } finally {
      this.#waiting.delete(n);
      if (this.#waiting.size === 0) this.#idle = setTimeout(() => void this.#stop(worker), idleMs).unref();
    }
  }

  #start(): Worker {
    const worker = new Worker(this.#script, { resourceLimits: { maxOldGenerationSizeMb: 256 } });
    worker.unref();
    worker.on("message", (answer: ScreenAnswer) => this.#waiting.get(answer.n)?.resolve(answer));
    const failed = (error: Error) => {
      if (this.#worker === worker) this.#worker = null;
      for (const { reject } of this.#waiting.values()) reject(error);
    };
    worker.on("error", failed);
    worker.on("exit", () => failed(new HubError("unavailable", "The screen worker stopped; try again.")));
    return worker;
  }

  async #stop(worker: Worker): Promise<void> {
    if (this.#worker === worker) this.#worker = null;
    await worker.terminate();
  }
}
