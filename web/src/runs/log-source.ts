// Follows one output stream of an execution: asks by byte range for what is new, and never twice for the same bytes.

import { watchExecution } from "../api/hints.ts";
import { fetchFailed, type HubError, hubErrorOf } from "../api/hub-error.ts";
import { Store } from "../state/store.ts";
import { LineIndex } from "./line-index.ts";

export type StreamName = "stdout" | "stderr";

/** Half a frame: leaves the other half to drawing. */
const sliceMs = 8;

/** A hint that was lost is made up for this soon. */
const pollMs = 3_000;

export interface LogState {
  index: LineIndex;
  /** Raised with every append: the index itself is one growing object. */
  version: number;
  loading: boolean;
  failed: HubError | null;
}

export class LogSource {
  readonly state: Store<LogState>;
  readonly #address: string;
  readonly #stop = new AbortController();
  #rowBytes: number | undefined;
  #reading = false;
  #again = false;

  constructor(executionId: string, stream: StreamName) {
    this.#address = `/api/v1/executions/${encodeURIComponent(executionId)}/${stream}`;
    this.state = new Store<LogState>({ index: new LineIndex(), version: 0, loading: true, failed: null });
    const unwatch = watchExecution(executionId, () => void this.read());
    this.#stop.signal.addEventListener("abort", unwatch);
    void this.read();
  }

  get address(): string {
    return this.#address;
  }

  /** Keeps asking while the script still runs. Returns how to stop. */
  poll(): () => void {
    const timer = setInterval(() => void this.read(), pollMs);
    return () => clearInterval(timer);
  }

  /** Rows of at most this many bytes, or whole lines when undefined. The rows as they were stand until all are known. */
  wrapAt(rowBytes: number | undefined): void {
    if (rowBytes === this.#rowBytes) return;
    this.#rowBytes = rowBytes;
    const { index } = this.state.get();
    if (index.byteLength === 0) this.#replace(new LineIndex(rowBytes));
    else void this.#wrap(rowBytes);
  }

  /** In slices: a million lines would stop the page for half a second. What arrives meanwhile is taken along. */
  async #wrap(rowBytes: number | undefined): Promise<void> {
    const wrapped = new LineIndex(rowBytes);
    let sliceEnd = performance.now() + sliceMs;
    while (wrapped.takeFrom(this.state.get().index)) {
      if (performance.now() < sliceEnd) continue;
      await new Promise((resume) => setTimeout(resume));
      if (this.#stop.signal.aborted || rowBytes !== this.#rowBytes) return;
      sliceEnd = performance.now() + sliceMs;
    }
    this.#replace(wrapped);
  }

  #replace(index: LineIndex): void {
    this.state.change({ index, version: this.state.get().version + 1 });
  }

  dispose(): void {
    this.#stop.abort();
  }

  async read(): Promise<void> {
    if (this.#reading) {
      this.#again = true;
      return;
    }
    this.#reading = true;
    try {
      do {
        this.#again = false;
        await this.#readToEnd();
      } while (this.#again);
      this.state.change({ loading: false, failed: null });
    } catch (error) {
      if (!this.#stop.signal.aborted) this.state.change({ loading: false, failed: hubErrorOf(error) });
    } finally {
      this.#reading = false;
    }
  }

  /** Appends what the stream holds now, as it arrives. */
  async #readToEnd(): Promise<void> {
    const held = this.state.get().index.byteLength;
    // One byte that we have is asked for again: a range that begins at the end would be an error, this one is an answer.
    const headers = held === 0 ? {} : { range: `bytes=${held - 1}-` };
    const response = await fetch(this.#address, { headers, signal: this.#stop.signal, cache: "no-store" });
    if (!response.ok) throw fetchFailed(response);
    let repeated = held === 0 ? 0 : response.status === 206 ? 1 : held;
    for await (const bytes of response.body ?? []) {
      const fresh = bytes.subarray(Math.min(repeated, bytes.length));
      repeated -= bytes.length - fresh.length;
      if (fresh.length > 0) this.#append(fresh);
    }
  }

  #append(bytes: Uint8Array): void {
    const { index, version } = this.state.get();
    index.append(bytes);
    this.state.change({ version: version + 1, loading: false });
  }
}
