// One live dial: a TCP connection through an agent, joined to whoever asked for it. It moves bytes and counts them; nothing is kept.
// When it ends and why is decided in end-session.ts.
//
//   agent ══ stream ══► output window (1–4 MiB) ──► client     taken by the client's socket: the window moves on
//   agent ◄══ stream ══ input ring (2 MiB)      ◄── client     ring half full: the client is asked to wait
import { bulkWindowBytes } from "@sallyport/protocol/limits";
import { Incoming } from "@sallyport/protocol/stream/incoming";
import type { StreamMux } from "@sallyport/protocol/stream/mux";
import { Outgoing } from "@sallyport/protocol/stream/outgoing";
import { Ring } from "@sallyport/protocol/stream/ring";
import { type Closing, StreamEnd } from "@sallyport/protocol/stream/stream-end";

/** Where a dial's bytes go. Implemented by the gateway. */
export type DialClient = {
  /** Sends bytes, which are valid only now; `taken` is called once the network has them. */
  send(data: Uint8Array, taken: () => void): void;
  /** Nothing more comes. */
  endOutput(): void;
  /** There is room for input again. */
  onRoom(): void;
  /** It is over. */
  onClosed(reason: string): void;
};

export type LiveDialOptions = {
  id: string;
  orgId: string;
  agentId: string;
  userId: string;
  port: number;
  stream: number;
  client: DialClient;
  onClosed(closing: Closing): void;
};

/** Room for what a client sends before it hears that it should wait. */
const inputRingBytes = 2 * bulkWindowBytes;

export class LiveDial {
  readonly id: string;
  readonly orgId: string;
  readonly agentId: string;
  readonly userId: string;
  readonly port: number;
  readonly end: StreamEnd;
  readonly #client: DialClient;
  readonly #output = new Incoming(0, bulkWindowBytes);
  readonly #ring = new Ring(inputRingBytes);
  readonly #input = new Outgoing(0, this.#ring, bulkWindowBytes);
  #mux: StreamMux | null = null;
  /** What the asset says before the agent's word that the connection stands: a window's worth at most. Null once that has come. */
  #early: { data: Buffer; upTo: number }[] | null = [];
  #ended = false;
  #waiting = false;
  #over = false;

  constructor(options: LiveDialOptions) {
    this.id = options.id;
    this.orgId = options.orgId;
    this.agentId = options.agentId;
    this.userId = options.userId;
    this.port = options.port;
    this.#client = options.client;
    this.end = new StreamEnd({
      stream: options.stream,
      priority: "bulk",
      incoming: [this.#output],
      outgoing: [this.#input],
      owner: {
        onData: (_channel, data) => this.#onData(data),
        onEnd: () => this.#onEnd(),
        onRoom: () => this.#onRoom(),
        onResize: () => {},
        onClose: (closing) => options.onClosed(closing),
      },
    });
  }

  /** Bytes from the asset to the person. */
  get receivedBytes(): number {
    return this.#output.received;
  }

  /** Bytes from the person to the asset. */
  get sentBytes(): number {
    return this.#ring.end;
  }

  /** The stream begins or goes on over this link. */
  join(mux: StreamMux): void {
    this.#mux = mux;
    if (mux.get(this.end.stream) === undefined) mux.add(this.end);
  }

  /** The connection stands, and the client knows: what came before is his. */
  start(): void {
    const early = this.#early ?? [];
    this.#early = null;
    for (const { data, upTo } of early) this.#client.send(data, () => this.#taken(upTo));
    if (this.#ended) this.#client.endOutput();
  }

  /** After a link was lost: where both directions go on; null when the agent holds something else. */
  goOn(stream: number, held: { start: number; end: number }, inputReceived: number) {
    const { received, credit, durable } = this.#output;
    if (stream !== this.end.stream || received < held.start || received > held.end) return null;
    if (inputReceived < this.#ring.start || inputReceived > this.#ring.end) return null;
    this.#input.resumeAt(inputReceived, inputReceived + bulkWindowBytes, inputReceived);
    return { outputs: [{ channel: 0, received, credit, durable }], inputEnd: this.#ring.end };
  }

  /** Bytes of the person. Returns false when he should wait for `onRoom`; what is given all the same is dropped when there is no room for it. */
  write(data: Uint8Array): boolean {
    this.#ring.append(data);
    this.#mux?.wake();
    this.#waiting = this.#ring.room < inputRingBytes / 2;
    return !this.#waiting;
  }

  /** Room for one more message of this size? A client that was asked to wait and does not is out of step. */
  hasRoomFor(bytes: number): boolean {
    return bytes <= this.#ring.room;
  }

  /** The person sends nothing more. */
  endInput(): void {
    this.#input.finish();
    this.#mux?.wake();
  }

  close(reason: string): void {
    this.end.close({ exitCode: null, reason });
    this.#mux?.wake();
  }

  /** Over: the client hears why. */
  leave(reason: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#client.onClosed(reason);
  }

  #onData(data: Uint8Array): void {
    const upTo = this.#output.received;
    if (this.#over) {
      this.#taken(upTo);
      return;
    }
    if (this.#early === null) this.#client.send(data, () => this.#taken(upTo));
    else this.#early.push({ data: Buffer.from(data), upTo });
  }

  #onEnd(): void {
    this.#ended = true;
    if (this.#early === null) this.#client.endOutput();
  }

  /** Nothing is kept, so what the client has is safe enough to be forgotten by the agent. */
  #taken(upTo: number): void {
    this.#output.consume(upTo);
    this.#output.store(upTo);
    this.#mux?.wake();
  }

  #onRoom(): void {
    if (!this.#waiting || this.#ring.room < inputRingBytes / 2) return;
    this.#waiting = false;
    this.#client.onRoom();
  }
}

/** Per person: a connection pool has tens; a loop that opens them ends here. */
export const dialsPerPersonMax = 200;

/** The live dials of this hub process. */
export class LiveDials {
  readonly #byId = new Map<string, LiveDial>();

  get size(): number {
    return this.#byId.size;
  }

  add(dial: LiveDial): void {
    this.#byId.set(dial.id, dial);
  }

  remove(id: string): void {
    this.#byId.delete(id);
  }

  get(id: string): LiveDial | undefined {
    return this.#byId.get(id);
  }

  all(): LiveDial[] {
    return [...this.#byId.values()];
  }

  ofUser(userId: string): LiveDial[] {
    return [...this.#byId.values()].filter((dial) => dial.userId === userId);
  }
}
