import { decodeTerminalData, encodeTerminalData } from "@sallyport/protocol/terminal-socket";
import { afterEach, expect, test } from "vitest";
import { type WebSocket as HubSocket, WebSocketServer } from "ws";
import { TerminalLink } from "./terminal-link.ts";

/** A hub of one session: echoes nothing, keeps what was typed, and can drop the socket. */
class TestHub {
  readonly server = new WebSocketServer({ port: 0 });
  readonly messages: { type: string; from?: number | null; offset?: number; on?: boolean }[] = [];
  typed = "";
  output = "";
  /** Input the hub is told to lose: received but never acknowledged or kept. */
  deaf = false;
  /** Answers the next attaches with this refusal, as a hub does whose agents are not back yet. */
  refusals: string[] = [];
  #socket: HubSocket | undefined;

  constructor() {
    this.server.on("connection", (socket) => {
      this.#socket = socket;
      socket.on("message", (data: Buffer, isBinary) =>
        isBinary ? this.#takeInput(data) : this.#take(JSON.parse(data.toString())),
      );
    });
  }

  get url(): string {
    const address = this.server.address();
    return `ws://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
  }

  print(text: string, at = this.output.length): void {
    this.output = this.output.slice(0, at) + text;
    this.#socket?.send(encodeTerminalData(at, new TextEncoder().encode(text)));
  }

  drop(): void {
    this.#socket?.terminate();
  }

  /** The socket stays open, and nothing more comes out of it: a network that went away. */
  mute(): void {
    this.#socket?.removeAllListeners("message");
  }

  say(message: object): void {
    this.#socket?.send(JSON.stringify(message));
  }

  #take(message: (typeof this.messages)[number]): void {
    this.messages.push(message);
    if (message.type === "ping") this.say({ type: "pong", t: Date.now() });
    if (message.type !== "open" && message.type !== "attach") return;
    const refusal = message.type === "attach" ? this.refusals.shift() : undefined;
    if (refusal !== undefined) {
      this.say({ type: "error", code: refusal, message: "Not yet." });
      this.#socket?.close(4503);
      return;
    }
    const opened = { type: "opened", sessionId: "ses_1", assetName: "web-01", account: "root", cols: 80, rows: 24, owner: true };
    this.say({ ...opened, outputOffset: message.from ?? 0, inputOffset: this.typed.length });
    if (typeof message.from === "number") this.print(this.output.slice(message.from), message.from);
  }

  #takeInput(data: Buffer): void {
    const frame = decodeTerminalData(data);
    if (frame === null || this.deaf) return;
    expect(frame.offset).toBeLessThanOrEqual(this.typed.length);
    this.typed = this.typed.slice(0, frame.offset) + new TextDecoder().decode(frame.data);
    this.say({ type: "input-ack", offset: this.typed.length });
  }
}

class Screen {
  text = "";
  readonly phases: string[] = [];
  readonly echoes: boolean[] = [];
  readonly link: TerminalLink;

  constructor(hub: TestHub) {
    this.link = new TerminalLink(
      hub.url,
      { kind: "asset", assetId: "ast_1" },
      { cols: 80, rows: 24 },
      {
        onOutput: (data, drawn) => {
          this.text += new TextDecoder().decode(data);
          drawn();
        },
        onSnapshot: ({ screen }) => {
          this.text = screen;
        },
        onResize: () => undefined,
        onInputTaken: () => undefined,
        onLine: () => undefined,
        onEcho: (mayPredict) => this.echoes.push(mayPredict),
        onState: ({ phase }) => this.phases.push(phase),
      },
    );
  }

  type(text: string): void {
    this.link.type(new TextEncoder().encode(text));
  }
}

const hubs: TestHub[] = [];
const screens: Screen[] = [];

function open(): { hub: TestHub; screen: Screen } {
  const hub = new TestHub();
  const screen = new Screen(hub);
  hubs.push(hub);
  screens.push(screen);
  return { hub, screen };
}

afterEach(() => {
  for (const { link } of screens.splice(0)) link.leave();
  for (const { server } of hubs.splice(0)) server.close();
});

test("a dropped socket loses no output and draws none of it twice", async () => {
  const { hub, screen } = open();
  await expect.poll(() => screen.link.state.phase).toBe("live");
  hub.print("hello ");
  await expect.poll(() => screen.text).toBe("hello ");
  hub.output += "while you were away ";
  hub.drop();
  await expect.poll(() => screen.text).toBe("hello while you were away ");
  hub.print("away and back", 21);
  await expect.poll(() => screen.text).toBe("hello while you were away and back");
  expect(hub.messages.find(({ type }) => type === "attach")).toMatchObject({ sessionId: "ses_1", from: 6 });
});

test("what was typed into a socket that broke arrives once, after the reattach", async () => {
  const { hub, screen } = open();
  await expect.poll(() => screen.link.state.phase).toBe("live");
  screen.type("ab");
  await expect.poll(() => hub.typed).toBe("ab");
  hub.deaf = true;
  screen.type("cd");
  hub.drop();
  hub.deaf = false;
  await expect.poll(() => screen.phases).toContain("waiting");
  screen.type("ef");
  await expect.poll(() => hub.typed).toBe("abcdef");
});

test("a gap in the output is not drawn over: the missing bytes are asked for", async () => {
  const { hub, screen } = open();
  await expect.poll(() => screen.link.state.phase).toBe("live");
  hub.output = "0123456789";
  hub.say({ type: "agent", online: true, roundTripUs: null });
  hub.print("56789", 5);
  await expect.poll(() => screen.text).toBe("0123456789");
});

test("drawn output is acknowledged, so that the hub's window never closes for good", async () => {
  const { hub, screen } = open();
  await expect.poll(() => screen.link.state.phase).toBe("live");
  hub.print("x".repeat(100_000));
  await expect.poll(() => hub.messages.findLast(({ type }) => type === "ack")?.offset).toBe(100_000);
});

test("a session that ended is not rejoined", async () => {
  const { hub, screen } = open();
  await expect.poll(() => screen.link.state.phase).toBe("live");
  hub.say({ type: "ended", reason: "exit", exitCode: 0, signal: null });
  await expect.poll(() => screen.link.state).toMatchObject({ phase: "ended", ending: { reason: "exit", exitCode: 0 } });
  hub.drop();
  expect(hub.messages.filter(({ type }) => type === "attach")).toEqual([]);
});

test("a message from a newer hub that this console does not know is passed over", async () => {
  const { hub, screen } = open();
  await expect.poll(() => screen.link.state.phase).toBe("live");
  hub.say({ type: "from-the-future", answer: 42 });
  hub.print("still here");
  await expect.poll(() => screen.text).toBe("still here");
});

test("a hub that has just started and waits for its agents does not end the terminal: it is asked again", async () => {
  const { hub, screen } = open();
  await expect.poll(() => screen.link.state.phase).toBe("live");
  hub.refusals = ["agent-offline", "internal"];
  hub.output = "kept";
  hub.drop();
  await expect.poll(() => screen.link.state).toMatchObject({ phase: "waiting", agentOnline: false });
  await expect.poll(() => screen.text, { timeout: 5_000 }).toBe("kept");
  expect(screen.link.state).toMatchObject({ phase: "live", resumes: 1 });
  hub.say({ type: "agent", online: true, roundTripUs: 400 });
  await expect.poll(() => screen.link.state).toMatchObject({ agentOnline: true, agentAwaySinceMs: null });
});

test("a session that is not there any more is not asked for again", async () => {
  const { hub, screen } = open();
  await expect.poll(() => screen.link.state.phase).toBe("live");
  hub.refusals = ["not-found"];
  hub.drop();
  await expect.poll(() => screen.link.state).toMatchObject({ phase: "ended", ending: { code: "not-found" } });
});

test("after a sleep a path that died silently is dialled anew within seconds", async () => {
  const { hub, screen } = open();
  await expect.poll(() => screen.link.state.phase).toBe("live");
  hub.mute();
  screen.link.wake();
  hub.output = "since then";
  await expect.poll(() => screen.text, { timeout: 5_000 }).toBe("since then");
});

test("waking a path that stands does not break it", async () => {
  const { hub, screen } = open();
  await expect.poll(() => screen.link.state.phase).toBe("live");
  screen.link.wake();
  await expect.poll(() => hub.messages.filter(({ type }) => type === "ping").length).toBe(2);
  await new Promise((resolve) => setTimeout(resolve, 3_000)); // longer than a path has to answer
  expect(hub.messages.filter(({ type }) => type === "attach")).toEqual([]);
});

test("the hub is asked about the echo once a socket, and what it says holds until the screen has come as far", async () => {
  const { hub, screen } = open();
  const asks = () => hub.messages.filter(({ type }) => type === "watch-echo").map(({ on }) => on);
  screen.link.watchEcho(true);
  await expect.poll(asks).toEqual([true]);
  screen.link.watchEcho(true);
  hub.say({ type: "echo", echo: false, canonical: true, offset: 0 });
  await expect.poll(() => screen.echoes).toEqual([false]);
  hub.drop();
  await expect.poll(asks).toEqual([true, true]);
  hub.say({ type: "echo", echo: false, canonical: true, offset: 0 });
  hub.say({ type: "echo", echo: false, canonical: false, offset: 2 });
  hub.print("$");
  await expect.poll(() => screen.text).toBe("$");
  expect(screen.echoes).toEqual([false]);
  hub.print(" ");
  await expect.poll(() => screen.echoes).toEqual([false, true]);
  hub.say({ type: "echo", echo: false, canonical: true, offset: 2 });
  await expect.poll(() => screen.echoes).toEqual([false, true, false]);
  screen.link.watchEcho(false);
  await expect.poll(asks).toEqual([true, true, false]);
  expect(screen.echoes).toEqual([false, true, false, true]);
});
