// The door in front of the broker: every agent connection passes through one of these. Caps packets before they are buffered,
// gives a stranger five seconds to show a CONNECT, and leads stream frames past the broker.
import { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import { connectDeadlineMs, controlBurst, controlPerSecond, heartbeatIntervalMs } from "@sallyport/protocol/limits";
import { exporterBytes, exporterLabel } from "@sallyport/protocol/link-token";
import { MqttSlicer, type SlicerFault } from "@sallyport/protocol/mqtt-slicer";

export type AdmissionOptions = {
  address: string;
  transport: "mqtts" | "wss";
  /** The TLS connection that ends here; the sign-in is bound to it. */
  tls: TLSSocket;
  onFrame(payload: Buffer): void;
  /** A control message at QoS 0, valid until it returns. */
  onControl(payload: Buffer): void;
  onFault(fault: SlicerFault | "no-connect"): void;
};

/** Bytes handed to the socket and not yet taken by the kernel beyond which frames wait: one slice. */
const roomBytes = 64 * 1024;

/** Three missed heartbeats' worth of silence. */
const silentMsMax = 3 * heartbeatIntervalMs;

/** What the broker reads and writes. Writes go straight through, so whole packets never mix with frames. */
export class Admission extends Duplex {
  readonly address: string;
  readonly transport: "mqtts" | "wss";
  readonly binding: Buffer;
  readonly #socket: Duplex;
  readonly #slicer: MqttSlicer;
  readonly #deadline: NodeJS.Timeout;
  #tokens = controlBurst;
  #refilledAt = performance.now();
  #frameLevels: string | null = null;
  #written = 0;
  #silentMsMax = silentMsMax;
  #lastHeardAt = performance.now();
  onDrain: () => void = () => {};

  constructor(socket: Duplex, options: AdmissionOptions) {
    super({ allowHalfOpen: false });
    this.#socket = socket;
    this.address = options.address;
    this.transport = options.transport;
    this.binding = options.tls.exportKeyingMaterial(exporterBytes, exporterLabel, Buffer.alloc(0));
    this.#slicer = new MqttSlicer(
      {
        pass: (bytes) => {
          if (!this.push(bytes)) socket.pause();
        },
        frame: (payload, rest) => {
          if (rest === this.#frameLevels) options.onFrame(payload);
          else if (rest === "" && this.#spend()) options.onControl(payload);
          else this.destroy(); // a topic that only begins like ours, or too many
        },
        packet: () => this.#spend(),
      },
      { expectConnect: true },
    );
    this.#deadline = setTimeout(() => {
      options.onFault("no-connect");
      this.destroy();
    }, connectDeadlineMs);
    socket.on("data", (chunk: Buffer) => {
      this.#lastHeardAt = performance.now();
      const fault = this.#slicer.push(chunk);
      if (fault === null) return;
      options.onFault(fault);
      this.destroy();
    });
    socket.on("end", () => this.push(null));
    socket.on("drain", () => this.onDrain());
    socket.on("error", (error) => this.destroy(error));
    socket.on("close", () => this.destroy());
    this.on("error", () => {}); // a reset connection is not news
  }

  /** The CONNECT is here. @param keepaliveSeconds as it asks for; 0 asks for none. */
  connectArrived(keepaliveSeconds: number): void {
    clearTimeout(this.#deadline);
    if (keepaliveSeconds > 0) this.#silentMsMax = Math.min(silentMsMax, keepaliveSeconds * 1_500); // MQTT-3.1.2-24: one and a half
  }

  /** Silence beyond this is the end of the link. */
  get silentMsMax(): number {
    return this.#silentMsMax;
  }

  /** From now on what comes at QoS 0 goes past the broker: control under `topic`, frames under `topic` and these levels. */
  takeUnacknowledged(topic: string, frameLevels: string): void {
    this.#frameLevels = frameLevels;
    this.#slicer.takeFrames(topic);
  }

  get hasRoom(): boolean {
    return !this.destroyed && this.#socket.writableLength < roomBytes;
  }

  /** Bytes the peer's side of the network has not taken. */
  get waitingBytes(): number {
    return this.#socket.writableLength;
  }

  /** Total handed over to the kernel: stands still while the peer does not read. */
  get flushedBytes(): number {
    return this.#written - this.#socket.writableLength;
  }

  /** Time since the peer was last heard, in ms. */
  get silentMs(): number {
    return performance.now() - this.#lastHeardAt;
  }

  /** One whole packet, past the broker. `done` is called when its bytes are no longer needed. */
  writePacket(packet: Buffer, done: () => void): void {
    this.#written += packet.length;
    this.#socket.write(packet, done);
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#written += chunk.length;
    this.#socket.write(chunk);
    done(); // never waits: what may pile up is bounded by the link, which sees waitingBytes
  }

  override _writev(chunks: { chunk: Buffer }[], done: (error?: Error | null) => void): void {
    const joined = Buffer.concat(chunks.map(({ chunk }) => chunk));
    this._write(joined, "buffer" as BufferEncoding, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#socket.end();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    clearTimeout(this.#deadline);
    this.#socket.destroy();
    done(error);
  }

  /** Token bucket over everything that is not a frame. */
  #spend(): boolean {
    const now = performance.now();
    this.#tokens = Math.min(controlBurst, this.#tokens + ((now - this.#refilledAt) / 1_000) * controlPerSecond);
    this.#refilledAt = now;
    this.#tokens -= 1;
    return this.#tokens >= 0;
  }
}
