// A terminal of a client that is not ours: written from the protocol's text (SPEC.md §7) alone, with an access key.
import { WebSocket } from "ws";

const subprotocol = "sallyport.terminal.v1";
const ackEveryBytes = 64 * 1024;
const offsetBytes = 8;

export type Ended = { reason: string; exitCode: number | null; signal: string | null };
export type Opened = {
  sessionId: string;
  assetName: string;
  account: string;
  cols: number;
  rows: number;
  outputOffset: number;
  inputOffset: number;
  owner: boolean;
};
export type TerminalOptions = { url: string; key: string; ca?: string } & (
  | { assetId: string; account?: string; login?: { username?: string; password?: string } }
  | { sessionId: string; from: number | null }
) & { cols?: number; rows?: number };

export class TerminalClient {
  readonly opened: Promise<Opened>;
  readonly ended: Promise<Ended>;
  /** Called with each piece of output, in order, without gaps. */
  onOutput: (data: Buffer) => void = () => {};
  readonly #socket: WebSocket;
  #outputOffset = 0;
  #acked = 0;
  #inputOffset = 0;

  constructor(options: TerminalOptions) {
    const { url, key, ca, cols = 80, rows = 24 } = options;
    this.#socket = new WebSocket(`${url.replace(/^http/, "ws")}/ws/terminal`, subprotocol, {
      headers: { authorization: `Bearer ${key}` },
      perMessageDeflate: false,
      ...(ca === undefined ? {} : { ca }),
    });
    const first =
      "assetId" in options
        ? { type: "open", assetId: options.assetId, account: options.account, login: options.login, cols, rows }
        : { type: "attach", sessionId: options.sessionId, from: options.from, cols, rows };
    this.#socket.once("open", () => this.#tell(first));
    this.opened = new Promise((resolve, reject) => {
      this.#onControl("opened", (message) => {
        const opened = message as unknown as Opened;
        this.#outputOffset = this.#acked = opened.outputOffset;
        this.#inputOffset = opened.inputOffset;
        resolve(opened);
      });
      this.#onControl("error", ({ code, message }) => reject(new Error(`${code}: ${message}`)));
      this.#socket.once("error", reject);
      this.#socket.once("close", (code) => reject(new Error(`closed with ${code}`)));
    });
    this.ended = new Promise((resolve, reject) => {
      this.#onControl("ended", (message) => resolve(message as unknown as Ended));
      this.#socket.once("close", (code) => reject(new Error(`closed with ${code} before the session ended`)));
    });
    this.opened.catch(() => {});
    this.ended.catch(() => {});
    this.#socket.on("error", () => {});
    this.#socket.on("message", (data: Buffer, isBinary) => {
      if (isBinary) this.#receive(data);
    });
  }

  /** Offset after the last output byte received. */
  get outputOffset(): number {
    return this.#outputOffset;
  }

  /** Types. The caller keeps below the 64 KiB that may be unacknowledged. */
  type(input: string | Buffer): void {
    const data = typeof input === "string" ? Buffer.from(input) : input;
    const message = Buffer.allocUnsafe(offsetBytes + data.length);
    message.writeBigUInt64BE(BigInt(this.#inputOffset), 0);
    data.copy(message, offsetBytes);
    this.#inputOffset += data.length;
    this.#socket.send(message);
  }

  /** Resolves with the output from now up to and including `text`. */
  output(text: string, deadlineMs = 45_000): Promise<string> {
    const before = this.onOutput;
    let seen = "";
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.onOutput = before;
        reject(
          new Error(
            `no ${JSON.stringify(text)} in the terminal within ${deadlineMs} ms; it showed ${JSON.stringify(seen.slice(-500))}`,
          ),
        );
      }, deadlineMs);
      this.onOutput = (data) => {
        before(data);
        seen += data.toString("latin1");
        if (!seen.includes(text)) return;
        clearTimeout(timer);
        this.onOutput = before;
        resolve(seen);
      };
    });
  }

  end(): void {
    this.#tell({ type: "end" });
  }

  /** Drops the socket; the session goes on in the hub for its grace. */
  leave(): void {
    this.#socket.terminate();
  }

  #receive(message: Buffer): void {
    const offset = Number(message.readBigUInt64BE(0));
    if (offset !== this.#outputOffset) throw new Error(`output at ${offset}, expected ${this.#outputOffset}`);
    const data = message.subarray(offsetBytes);
    this.#outputOffset += data.length;
    this.onOutput(data);
    if (this.#outputOffset - this.#acked < ackEveryBytes) return;
    this.#acked = this.#outputOffset;
    this.#tell({ type: "ack", offset: this.#acked });
  }

  #onControl(type: string, take: (message: Record<string, unknown>) => void): void {
    this.#socket.on("message", (data: Buffer, isBinary) => {
      if (isBinary) return;
      const message = JSON.parse(data.toString()) as Record<string, unknown>;
      if (message.type === type) take(message);
    });
  }

  #tell(message: object): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }
}
