// What a hub does with kept files, for tests: answers every question for one with an order and a stream of its bytes, and counts them.
import { createHash } from "node:crypto";
import { bulkWindowBytes } from "@sallyport/protocol/limits";
import { Outgoing } from "@sallyport/protocol/stream/outgoing";
import type { ByteSource } from "@sallyport/protocol/stream/ring";
import { StreamEnd } from "@sallyport/protocol/stream/stream-end";
import type { wire } from "@sallyport/protocol/wire";
import type { TestHub } from "./hub.ts";

export const sha256Of = (bytes: Uint8Array): Buffer => createHash("sha256").update(bytes).digest();

export class FileServer {
  /** Offsets that were asked for, oldest first. */
  readonly asked: number[] = [];
  sentBytes = 0;
  /** Sent in place of the bytes that were asked for. */
  forged: Buffer | null = null;
  readonly #hub: TestHub;
  readonly #files = new Map<string, Buffer>();
  readonly #streams = new Set<number>();
  #onBytes: () => void = () => {};

  constructor(hub: TestHub) {
    this.#hub = hub;
    const before = hub.onHeard;
    hub.onHeard = (message) => {
      before(message);
      if (message.body === "hello") this.#forgetStreams();
      if (message.body === "fileNeeds") void this.#answer(message.value);
    };
  }

  /** A file for an order, kept here. */
  keep(bytes: Buffer, file: Partial<wire.FileToPlace.$Properties>): wire.FileToPlace.$Properties {
    const sha256 = sha256Of(bytes);
    this.#files.set(sha256.toString("hex"), bytes);
    return { sha256, size: bytes.length, mode: 0o644, ...file };
  }

  /** Resolves when so many bytes have been sent, in all. */
  async sent(bytes: number): Promise<void> {
    while (this.sentBytes < bytes)
      await new Promise<void>((resolve) => {
        this.#onBytes = resolve;
      });
  }

  async #answer({ executionId = "", attempt = 0, sha256, offset = 0 }: wire.FileNeeds.$Properties): Promise<void> {
    const name = sha256 ?? new Uint8Array();
    const bytes = this.#files.get(Buffer.from(name).toString("hex"));
    const from = offset ?? 0;
    this.asked.push(from);
    if (bytes === undefined) {
      this.#hub.say({ fileLacks: { executionId, attempt, sha256: name, final: true, message: "It is gone." } });
      return;
    }
    const { sequence, signed } = this.#hub.sign({
      openFile: { executionId, attempt, sha256: name, offset: from, size: bytes.length },
    });
    this.#hub.say({ order: signed });
    const outcome = await this.#hub.hear("orderOutcome", (value) => value.sequence === sequence);
    if (outcome.accepted) this.#begin(sequence, this.forged ?? bytes, from);
  }

  #begin(stream: number, bytes: Buffer, from: number): void {
    const source: ByteSource = {
      start: from,
      end: bytes.length,
      read: (offset, max) => {
        const piece = bytes.subarray(offset, offset + max);
        this.sentBytes += piece.length;
        this.#onBytes();
        return piece;
      },
      release: () => {},
    };
    const outgoing = new Outgoing(0, source, bulkWindowBytes);
    outgoing.finish();
    const owner = { onData: () => {}, onEnd: () => {}, onRoom: () => {}, onResize: () => {}, onClose: () => {} };
    this.#hub.mux.add(new StreamEnd({ stream, priority: "bulk", outgoing: [outgoing], incoming: [], owner }));
    this.#streams.add(stream);
    this.#hub.mux.wake();
  }

  #forgetStreams(): void {
    for (const stream of this.#streams) this.#hub.mux.remove(stream);
    this.#streams.clear();
  }
}
