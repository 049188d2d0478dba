// Between MQTT.js and the wire: stream frames go past the library in both directions, everything else through it.
// Frames may be written between any two packets, since MQTT.js corks each packet and so hands it over whole.
import { Duplex } from "node:stream";
import { FramePackets } from "@sallyport/protocol/frame-packets";
import { MqttSlicer } from "@sallyport/protocol/mqtt-slicer";
import { decodeFrame, type Frame } from "@sallyport/protocol/stream/frame";
import type { FrameSink } from "@sallyport/protocol/stream/mux";
import { downStreamTopic, upStreamTopic } from "@sallyport/protocol/topics";
import { WireError } from "@sallyport/protocol/wire";

/** Frames that overtake Welcome: it goes through the library, which takes a few turns more. The windows of some terminals at most. */
const earlyBytesMax = 4 * 1_024 * 1_024;

export class LinkStream extends Duplex {
  /** Writes frames straight to the wire, past whatever MQTT.js has waiting. */
  readonly frames: FrameSink = { writable: () => this.#hasRoom(), write: (frame) => this.#writeFrame(frame) };
  readonly #wire: Duplex;
  readonly #slicer: MqttSlicer;
  readonly #agentId: string;
  readonly #onFrame: (frame: Frame) => void;
  #packets: FramePackets | null = null;
  /** Held until the streams are in step, in order; null from then on. */
  #early: Buffer[] | null = [];
  #earlyBytes = 0;

  constructor(options: { wire: Duplex; agentId: string; onFrame: (frame: Frame) => void; onRoom: () => void }) {
    super();
    const { wire, agentId, onFrame, onRoom } = options;
    this.#wire = wire;
    this.#agentId = agentId;
    this.#onFrame = onFrame;
    this.#slicer = new MqttSlicer(
      {
        pass: (bytes) => {
          if (!this.push(bytes)) wire.pause();
        },
        frame: (payload) => this.#takeFrame(payload),
      },
      { expectConnect: false },
    );
    this.#slicer.takeFrames(downStreamTopic(agentId));
    wire.on("data", (chunk: Buffer) => this.#receive(chunk));
    wire.on("drain", onRoom);
    wire.once("close", () => this.destroy());
    wire.on("error", (error) => this.destroy(error));
  }

  /** Welcome was read: frames go to this hub process from now on, and those that came early are read once its handler is through. */
  speakTo(node: string): void {
    this.#packets = new FramePackets(upStreamTopic(this.#agentId, node));
    queueMicrotask(() => {
      const early = this.#early ?? [];
      this.#early = null;
      this.#guarded(() => {
        for (const payload of early) this.#onFrame(decodeFrame(payload));
      });
    });
  }

  override _read(): void {
    this.#wire.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#wire.write(chunk, done);
  }

  override _writev(chunks: { chunk: Buffer }[], done: (error?: Error | null) => void): void {
    this.#wire.write(Buffer.concat(chunks.map(({ chunk }) => chunk)), done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#wire.destroy();
    done(error);
  }

  /** The socket holds less than its mark of 64 KiB. */
  #hasRoom(): boolean {
    return this.#packets !== null && !this.#wire.destroyed && !this.#wire.writableNeedDrain;
  }

  #writeFrame(frame: Frame): void {
    if (this.#packets === null) throw new Error("a frame before the hub said where frames go");
    this.#packets.send(frame, (packet, done) => this.#wire.write(packet, done));
  }

  #takeFrame(payload: Buffer): void {
    if (this.#early === null) {
      this.#onFrame(decodeFrame(payload));
      return;
    }
    this.#earlyBytes += payload.length;
    if (this.#earlyBytes > earlyBytesMax) this.destroy(new Error("the hub sent more before its Welcome than any window allows"));
    else this.#early.push(Buffer.from(payload)); // a copy: it is only valid now
  }

  #receive(chunk: Buffer): void {
    this.#guarded(() => {
      const fault = this.#slicer.push(chunk);
      if (fault !== null) this.destroy(new Error(`the hub broke MQTT: ${fault}`));
    });
  }

  /** What is no frame ends the link. */
  #guarded(read: () => void): void {
    try {
      read();
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.destroy(error);
    }
  }
}
