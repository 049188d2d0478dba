// Contents that executions here wait for: each is asked of the hub once, for whoever waits first, and taken from where the agent's own copy ends.
//
//   wanted ──FileNeeds──► asked ──open_file──► receiving ──all of it──► checking ──► in the cache: everybody who waits has it
//      ▲                    │ no answer            │ link lost, CLOSE        └── another hash: refused to all, and dropped
//      └────────────────────┴──────────────────────┘
import type { FileHandle } from "node:fs/promises";
import type { StreamMux } from "@sallyport/protocol/stream/mux";
import type { wire } from "@sallyport/protocol/wire";
import type { UpBody } from "../link/connection.ts";
import { type Log, reasonOf } from "../log.ts";
import { accepted, type Outcome, refused } from "../orders/order-gate.ts";
import type { ExecutionKey } from "../run/run-order.ts";
import { hasCode } from "../state/files.ts";
import type { ContentCache } from "./content-cache.ts";
import { IncomingFile } from "./incoming-file.ts";
import { NotPlaced } from "./not-placed.ts";

/** At a time; more only make each other slower. */
const receivingMax = 2;
/** A question without an answer is asked again. The hub answers from a row and a file. */
const patienceMs = 15_000;
/** The hub cannot now: many agents want files of it. */
const busyMs = 2_000;

type Waiter = {
  key: ExecutionKey;
  onBytes: (offset: number) => void;
  done: (file: FileHandle) => void;
  failed: (error: Error) => void;
};

type Transfer = {
  sha256: string;
  size: number;
  waiters: Set<Waiter>;
  state: "wanted" | "asked" | "receiving" | "checking";
  /** Monotonic, ms. */
  dueAt: number;
  incoming: IncomingFile | null;
};

export type TransfersOptions = {
  cache: ContentCache;
  mux: StreamMux;
  log: Log;
  /** False when there is no link. */
  send: (body: UpBody) => boolean;
};

export class Transfers {
  readonly #options: TransfersOptions;
  readonly #transfers = new Map<string, Transfer>();
  #linked = false;
  /** Rises with each link that is lost: what began before is not to go on. */
  #linksLost = 0;

  constructor(options: TransfersOptions) {
    this.#options = options;
  }

  /**
   * The content, open for reading; the caller closes it.
   *
   * @param onBytes how much of it is here.
   * @throws NotPlaced when it cannot be had; `signal`'s reason when that was faster.
   */
  async take(
    key: ExecutionKey,
    { sha256, size }: { sha256: string; size: number },
    onBytes: (offset: number) => void,
    signal: AbortSignal,
  ): Promise<FileHandle> {
    const kept = await this.#options.cache.take(sha256);
    if (kept !== null) {
      onBytes(size);
      return kept;
    }
    const { promise, resolve, reject } = Promise.withResolvers<FileHandle>();
    const waiter: Waiter = { key, onBytes, done: resolve, failed: reject };
    const transfer = this.#transfers.get(sha256) ?? {
      sha256,
      size,
      waiters: new Set(),
      state: "wanted" as const,
      dueAt: 0,
      incoming: null,
    };
    this.#transfers.set(sha256, transfer);
    transfer.waiters.add(waiter);
    const onAbort = () => {
      this.#leave(transfer, waiter);
      reject(signal.reason);
    };
    signal.addEventListener("abort", onAbort);
    try {
      return await promise;
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  /** Asks for what is due. Called every tick by whoever waits. */
  look(): void {
    const now = performance.now();
    let receiving = [...this.#transfers.values()].filter(({ state }) => state !== "wanted").length;
    for (const transfer of this.#transfers.values()) {
      if (transfer.state === "receiving" || transfer.state === "checking" || now < transfer.dueAt) continue;
      if (transfer.state === "wanted" && receiving >= receivingMax) continue;
      if (transfer.state === "wanted") receiving += 1;
      this.#ask(transfer, now);
    }
  }

  /** The hub sends: the stream's number is the order's. */
  async openFile(sequence: number, order: wire.OpenFile.$Properties): Promise<Outcome> {
    const { cache, mux } = this.#options;
    const sha256 = Buffer.from(order.sha256 ?? new Uint8Array()).toString("hex");
    const transfer = this.#transfers.get(sha256);
    const offset = cache.offsetOf(sha256);
    if (transfer?.state !== "asked" || order.offset !== offset || order.size !== transfer.size)
      return refused("policy", "Nothing here waits for these bytes.");
    if (mux.full) return refused("busy", "This agent has as many streams as it may.");
    transfer.state = "receiving";
    const before = this.#linksLost;
    const file = await cache.openPart(sha256, offset, transfer.size);
    if (file !== null && (before !== this.#linksLost || transfer.waiters.size === 0)) {
      await file.close();
      this.#cut(transfer);
      return refused("failed", "The link was lost, or nobody waits for the file any more.");
    }
    if (file === null) {
      this.#fail(transfer, new NotPlaced(`This agent's disk has no room for the ${transfer.size} bytes of the file.`));
      return refused("failed", "This agent's disk has no room for the file.");
    }
    transfer.incoming = new IncomingFile({
      stream: sequence,
      mux,
      file,
      offset,
      size: transfer.size,
      onBytes: (at) => {
        for (const { onBytes } of transfer.waiters) onBytes(at);
      },
      onSynced: (at) => cache.noteOffset(sha256, at),
      onGone: (end) => void this.#received(transfer, end),
    });
    return accepted;
  }

  /** The hub has none of it for whoever it was asked for. */
  lacks(key: ExecutionKey, sha256: string, final: boolean, why: string): void {
    const transfer = this.#transfers.get(sha256);
    if (transfer?.state !== "asked") return;
    transfer.state = "wanted";
    transfer.dueAt = performance.now() + (final ? 0 : busyMs);
    if (!final) return;
    for (const waiter of [...transfer.waiters]) {
      if (waiter.key.executionId !== key.executionId || waiter.key.attempt !== key.attempt) continue;
      this.#leave(transfer, waiter);
      waiter.failed(new NotPlaced(why));
    }
  }

  /** What is on its way is lost; what came is not. */
  linkLost(): void {
    this.#linked = false;
    this.#linksLost += 1;
    for (const transfer of this.#transfers.values()) {
      transfer.dueAt = 0;
      if (transfer.state === "asked") transfer.state = "wanted";
      transfer.incoming?.leave();
    }
  }

  linkBack(): void {
    this.#linked = true;
  }

  /** The hub broke a rule of this stream. */
  dropStream(stream: number): void {
    for (const { incoming } of this.#transfers.values()) if (incoming?.end.stream === stream) incoming.leave();
  }

  #ask(transfer: Transfer, now: number): void {
    const [first] = transfer.waiters;
    if (first === undefined) return;
    const { sha256 } = transfer;
    const offset = this.#options.cache.offsetOf(sha256);
    const { executionId, attempt } = first.key;
    const needs = { executionId, attempt, sha256: Buffer.from(sha256, "hex"), offset };
    if (!this.#linked || !this.#options.send({ fileNeeds: needs })) return;
    transfer.state = "asked";
    transfer.dueAt = now + patienceMs;
  }

  async #received(
    transfer: Transfer,
    { complete, written, error }: { complete: boolean; written: number; error: unknown },
  ): Promise<void> {
    const { cache, log } = this.#options;
    const { sha256 } = transfer;
    transfer.incoming = null;
    if (error !== null) {
      const full = hasCode(error, "ENOSPC") || hasCode(error, "EDQUOT");
      const why = full
        ? "This agent's disk has no room for the file."
        : `This agent could not keep the file: ${reasonOf(error)}.`;
      return this.#fail(transfer, new NotPlaced(why));
    }
    if (!complete) {
      log.info(`file ${sha256.slice(0, 12)} cut at ${written} of ${transfer.size} bytes`);
      this.#cut(transfer);
      return;
    }
    transfer.state = "checking";
    try {
      if (!(await cache.finish(sha256)))
        return this.#fail(
          transfer,
          new NotPlaced("What came is not the file that the order names: its SHA-256 differs. It was thrown away."),
        );
      this.#transfers.delete(sha256);
      for (const waiter of transfer.waiters) {
        const file = await cache.take(sha256);
        if (file === null) waiter.failed(new NotPlaced("The file vanished from this agent's disk."));
        else waiter.done(file);
      }
    } catch (failure) {
      this.#fail(transfer, new NotPlaced(`This agent could not keep the file: ${reasonOf(failure)}.`));
    }
  }

  /** What came so far stays. */
  #cut(transfer: Transfer): void {
    transfer.state = "wanted";
    if (transfer.waiters.size === 0) this.#transfers.delete(transfer.sha256);
  }

  #leave(transfer: Transfer, waiter: Waiter): void {
    transfer.waiters.delete(waiter);
    if (transfer.waiters.size > 0) return;
    transfer.incoming?.leave();
    if (transfer.state === "wanted" || transfer.state === "asked") this.#transfers.delete(transfer.sha256);
  }

  #fail(transfer: Transfer, error: NotPlaced): void {
    this.#transfers.delete(transfer.sha256);
    for (const { failed } of transfer.waiters) failed(error);
  }
}
