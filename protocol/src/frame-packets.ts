// A stream frame as it travels: one QoS 0 PUBLISH, in one piece of memory, so that TLS seals it in one go.
import { framePacketBytesMax } from "./limits.ts";
import { publishHeaderBytes, writePublishHeader } from "./mqtt-slicer.ts";
import { encodeFrame, type Frame } from "./stream/frame.ts";

/** Frames up to this size come from Node's own pool of small buffers. */
const smallBytes = 2 * 1024;
/** Pieces kept for reuse: a socket's 64 KiB and what the kernel is taking. */
const keptMax = 4;

/** Large packets reuse memory, since a fresh 64 KiB for each would keep the garbage collector as busy as the cipher. */
export class FramePackets {
  readonly #topicName: string;
  readonly #free: Buffer[] = [];
  #topicBytes: Buffer | null = null;

  constructor(topic: string) {
    this.#topicName = topic;
  }

  /** Made with the first frame: most links never carry one. */
  get #topic(): Buffer {
    this.#topicBytes ??= Buffer.from(this.#topicName);
    return this.#topicBytes;
  }

  /** Hands the packet to `write`, which calls `done` once the bytes are no longer needed. */
  send(frame: Frame, write: (packet: Buffer, done: () => void) => void): void {
    const { header, data } = encodeFrame(frame);
    const payloadBytes = header.length + (data?.length ?? 0);
    const bytes = publishHeaderBytes(this.#topic, payloadBytes) + payloadBytes;
    const small = bytes <= smallBytes;
    const memory = small ? Buffer.allocUnsafe(bytes) : (this.#free.pop() ?? Buffer.allocUnsafeSlow(framePacketBytesMax));
    const headerAt = writePublishHeader(memory, this.#topic, payloadBytes);
    header.copy(memory, headerAt);
    if (data !== null) memory.set(data, headerAt + header.length);
    write(memory.subarray(0, bytes), () => {
      if (!small && this.#free.length < keptMax) this.#free.push(memory);
    });
  }
}
