// One connection over the dial socket, as the protocol's text (SPEC.md §8) has it.
import { dialSubprotocol } from "@sallyport/protocol/terminal-socket";
import WebSocket from "ws";
import { eventually } from "./eventually.ts";
import type { TestClient } from "./test-client.ts";

type Message = { type: string; code?: string; reason?: string; sessionId?: string; facts?: object };

export class TestDial {
  readonly #socket: WebSocket;
  readonly messages: Message[] = [];
  readonly received: Buffer[] = [];
  closeCode: number | null = null;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("error", () => {});
    socket.on("close", (code) => {
      this.closeCode = code;
    });
    socket.on("message", (data: Buffer, isBinary) => {
      if (isBinary) this.received.push(data);
      else this.messages.push(JSON.parse(data.toString()));
    });
  }

  /** Resolves once it is opened or refused. */
  static async open(client: TestClient, opening: object): Promise<TestDial> {
    const socket = new WebSocket(`${client.url.replace(/^http/, "ws")}/ws/dial`, dialSubprotocol, {
      headers: { origin: client.url, ...client.headers },
    });
    const dial = new TestDial(socket);
    await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
    socket.send(JSON.stringify({ type: "open", ...opening }));
    await eventually(
      () => dial.messages.length > 0 || dial.closeCode !== null,
      (said) => said,
      { what: "the dial to be opened or refused" },
    );
    return dial;
  }

  get sessionId(): string {
    return this.find("opened")?.sessionId ?? "";
  }

  get bytes(): Buffer {
    return Buffer.concat(this.received);
  }

  find(type: string): Message | undefined {
    return this.messages.find((message) => message.type === type);
  }

  /** The first thing it was told. */
  get outcome(): string {
    const [first] = this.messages;
    return first?.code ?? first?.type ?? String(this.closeCode);
  }

  send(data: Buffer | object): void {
    this.#socket.send(Buffer.isBuffer(data) ? data : JSON.stringify(data));
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  leave(): void {
    this.#socket.terminate();
  }

  async closed(): Promise<string> {
    await eventually(
      () => this.closeCode,
      (code) => code !== null,
      { what: "the dial to be closed" },
    );
    return this.find("closed")?.reason ?? "";
  }
}
