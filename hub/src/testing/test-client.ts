// A person's browser, or a program with an access key, as far as the API can tell.

import { newId } from "@sallyport/protocol/ids";
import { decodeTerminalData, encodeTerminalData, terminalSubprotocol } from "@sallyport/protocol/terminal-socket";
import WebSocket from "ws";

export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly facts: Record<string, string | number>;

  constructor(status: number, code: string, message: string, facts: Record<string, string | number>) {
    super(`${status} ${code}: ${message}`);
    this.status = status;
    this.code = code;
    this.facts = facts;
  }
}

export class TestClient {
  readonly url: string;
  readonly headers: Record<string, string>;

  constructor(url: string, headers: Record<string, string> = {}) {
    this.url = url;
    this.headers = headers;
  }

  static signIn(url: string, credentials: { email: string; password: string }): Promise<TestClient> {
    return TestClient.enter(url, "auth.signIn", credentials);
  }

  /** A client with the cookies of a procedure that signs in. */
  static async enter(url: string, procedure: string, input: object): Promise<TestClient> {
    const response = await new TestClient(url).post(procedure, input);
    if (!response.ok) throw await errorOf(response);
    const cookie = response.headers
      .getSetCookie()
      .map((one) => one.split(";")[0] ?? "")
      .join("; ");
    return new TestClient(url, { cookie });
  }

  /** A client of the same person that uses an access key. */
  async withKey(): Promise<TestClient> {
    const { key } = await this.mutate<{ key: string }>("keys.create", { name: "test" });
    return new TestClient(this.url, { authorization: `Bearer ${key}` });
  }

  post(procedure: string, input: unknown): Promise<Response> {
    return fetch(`${this.url}/trpc/${procedure}`, {
      method: "POST",
      headers: { "content-type": "application/json", origin: this.url, ...this.headers },
      body: JSON.stringify(input ?? {}),
    });
  }

  async mutate<T = unknown>(procedure: string, input?: unknown): Promise<T> {
    return resultOf<T>(await this.post(procedure, input));
  }

  async query<T = unknown>(procedure: string, input?: unknown): Promise<T> {
    const query = input === undefined ? "" : `?input=${encodeURIComponent(JSON.stringify(input))}`;
    return resultOf<T>(await fetch(`${this.url}/trpc/${procedure}${query}`, { headers: this.headers }));
  }

  rest(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(`${this.url}${path}`, {
      method,
      headers: {
        origin: this.url,
        ...this.headers,
        ...headers,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  /** The caller of query and mutate gets the error's code instead of an exception; null when it was allowed. */
  async refusal(work: Promise<unknown>): Promise<string | null> {
    try {
      await work;
      return null;
    } catch (error) {
      if (error instanceof ApiError) return error.code;
      throw error;
    }
  }

  openTerminal(assetId: string, opening: object = {}): Promise<TestTerminal> {
    return TestTerminal.connect(this, { type: "open", assetId, cols: 80, rows: 24, ...opening });
  }

  attach(sessionId: string, from: number | null, size = { cols: 80, rows: 24 }): Promise<TestTerminal> {
    return TestTerminal.connect(this, { type: "attach", sessionId, from, ...size });
  }
}

async function errorOf(response: Response): Promise<ApiError> {
  const body: { error?: { message: string; data: { hubCode: string; facts: Record<string, string | number> } } } =
    await response.json();
  return new ApiError(
    response.status,
    body.error?.data.hubCode ?? "none",
    body.error?.message ?? "",
    body.error?.data.facts ?? {},
  );
}

async function resultOf<T>(response: Response): Promise<T> {
  if (!response.ok) throw await errorOf(response);
  const body: { result: { data: T } } = await response.json();
  return body.result.data;
}

type Message = Record<string, unknown> & { type: string };

/** One window on a terminal: acknowledges what it takes, collects what it sees. */
export class TestTerminal {
  readonly #socket: WebSocket;
  readonly messages: Message[] = [];
  #output = Buffer.alloc(0);
  #watchers = new Set<() => void>();
  #typed = 0;
  outputOffset = 0;
  acknowledge = true;
  closeCode: number | null = null;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (data: Buffer, isBinary: boolean) => {
      if (isBinary) {
        const decoded = decodeTerminalData(data);
        if (decoded === null) throw new Error("not terminal data");
        if (decoded.offset !== this.outputOffset) throw new Error(`output at ${decoded.offset}, expected ${this.outputOffset}`);
        this.#output = Buffer.concat([this.#output, decoded.data]);
        this.outputOffset += decoded.data.length;
        if (this.acknowledge) this.control({ type: "ack", offset: this.outputOffset });
      } else {
        const message: Message = JSON.parse(data.toString());
        this.messages.push(message);
        if (message.type === "snapshot") this.outputOffset = Number(message["offset"]);
        if (message.type === "opened") {
          this.outputOffset = Number(message["outputOffset"]);
          this.#typed = Number(message["inputOffset"]);
        }
      }
      for (const watcher of this.#watchers) watcher();
    });
    socket.on("close", (code) => {
      this.closeCode = code;
      for (const watcher of this.#watchers) watcher();
    });
    socket.on("error", () => {});
  }

  static async connect(client: TestClient, opening: object): Promise<TestTerminal> {
    const socket = new WebSocket(`${client.url.replace("http", "ws")}/ws/terminal`, terminalSubprotocol, {
      headers: { origin: client.url, ...client.headers },
    });
    const terminal = new TestTerminal(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once("open", resolve);
      socket.once("error", reject);
    });
    socket.send(JSON.stringify(opening));
    await terminal.until(
      () => terminal.find("opened") !== undefined || terminal.find("error") !== undefined || terminal.find("ended") !== undefined,
    );
    return terminal;
  }

  get sessionId(): string {
    return String(this.find("opened")?.["sessionId"]);
  }

  get text(): string {
    return this.#output.toString();
  }

  get output(): Buffer {
    return this.#output;
  }

  find(type: string): Message | undefined {
    return this.messages.find((message) => message.type === type);
  }

  type(text: string | Buffer): void {
    const data = Buffer.from(text);
    this.#socket.send(encodeTerminalData(this.#typed, data));
    this.#typed += data.length;
  }

  /** Reads no faster than this from now on; the rest waits in the network and in the hub. */
  readSlowly(bytesPerSecond: number): void {
    this.#socket.on("message", (data: Buffer) => {
      this.#socket.pause();
      setTimeout(() => this.#socket.resume(), (data.length / bytesPerSecond) * 1_000).unref();
    });
  }

  sendRaw(data: Buffer | string): void {
    this.#socket.send(data);
  }

  control(message: object): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  /** Waits for what other processes do; fails after half a minute. */
  until(condition: () => boolean, what = "the terminal"): Promise<void> {
    return new Promise((resolve, reject) => {
      const deadline = setTimeout(() => {
        this.#watchers.delete(look);
        reject(
          new Error(
            `waited half a minute for ${what}; saw ${JSON.stringify(this.messages).slice(0, 500)} and ${this.text.slice(-200)}`,
          ),
        );
      }, 30_000);
      const look = () => {
        if (!condition()) return;
        clearTimeout(deadline);
        this.#watchers.delete(look);
        resolve();
      };
      this.#watchers.add(look);
      look();
    });
  }

  ended(): Promise<Message> {
    return this.until(() => this.find("ended") !== undefined, "the end").then(() => this.find("ended") ?? { type: "ended" });
  }

  /** Drops the connection without a word. */
  drop(): void {
    this.#socket.terminate();
  }

  close(): void {
    this.#socket.close();
  }
}

export const uniqueName = (): string => newId("n");
