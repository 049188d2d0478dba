// A TCP connection through an agent, of a client that is not the console: written from the protocol's text (SPEC.md §8) alone.
import { Duplex } from "node:stream";
import { WebSocket } from "ws";

const subprotocol = "sallyport.dial.v1";
/** The largest message of the protocol. */
const messageBytesMax = 64 * 1024;
/** Waiting in the WebSocket beyond which the writer waits: two messages. */
const waitingBytesMax = 128 * 1024;

export type DialTarget = { url: string; key: string; ca?: string; assetId: string; port: number };

/** A refusal in the hub's words. */
export class DialRefused extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** Reads and writes at the pace of both ends; ends its halves separately, as a socket does. */
export class DialStream extends Duplex {
  readonly #socket: WebSocket;

  private constructor(socket: WebSocket) {
    super({ allowHalfOpen: true });
    this.#socket = socket;
  }

  /** @throws DialRefused, or the error of the connection to the hub. */
  static open({ url, key, ca, assetId, port }: DialTarget): Promise<DialStream> {
    const socket = new WebSocket(`${url.replace(/^http/, "ws")}/ws/dial`, subprotocol, {
      headers: { authorization: `Bearer ${key}` },
      perMessageDeflate: false,
      ...(ca === undefined ? {} : { ca }),
    });
    const stream = new DialStream(socket);
    return new Promise((resolve, reject) => {
      socket.once("open", () => socket.send(JSON.stringify({ type: "open", assetId, port })));
      socket.once("error", reject);
      socket.on("message", (data: Buffer, isBinary) => {
        if (isBinary) {
          if (!stream.push(data)) socket.pause();
          return;
        }
        const message = JSON.parse(data.toString()) as { type: string; code?: string; message?: string; reason?: string };
        if (message.type === "opened") resolve(stream);
        if (message.type === "eof") stream.push(null);
        if (message.type === "closed" && message.reason !== "closed")
          stream.destroy(new Error(`the connection ended: ${message.reason}`));
        if (message.type === "error") reject(new DialRefused(message.code ?? "", message.message ?? ""));
      });
      socket.once("close", (code) => {
        reject(new Error(`the hub closed with ${code}`));
        stream.push(null);
        stream.destroy();
      });
    });
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    for (let at = 0; at < chunk.length; at += messageBytesMax) {
      const last = at + messageBytesMax >= chunk.length;
      const waits = last && this.#socket.bufferedAmount + chunk.length - at > waitingBytesMax;
      this.#socket.send(chunk.subarray(at, at + messageBytesMax), waits ? (error) => done(error ?? null) : () => {});
      if (last && !waits) done();
    }
  }

  override _final(done: (error?: Error | null) => void): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify({ type: "eof" }));
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.terminate();
    done(error);
  }
}
