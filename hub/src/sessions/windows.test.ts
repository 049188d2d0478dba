// Windows on a session: whose they are, what they may do, and that what they are shown is what was printed.
import { randomBytes } from "node:crypto";
import { decodeLogEvents, logEventKinds } from "@sallyport/protocol/log-events";
import { terminalSubprotocol } from "@sallyport/protocol/terminal-socket";
import { SerializeAddon } from "@xterm/addon-serialize";
import { Terminal } from "@xterm/headless";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type WebSocket from "ws";
import { eventually } from "../testing/eventually.ts";
import { upgrade } from "../testing/raw-http.ts";
import type { TestAgent } from "../testing/test-agent.ts";
import type { TestClient, TestTerminal } from "../testing/test-client.ts";
import { TestHub } from "../testing/test-hub.ts";
import { livePerPersonMax } from "./live-sessions.ts";

let hub: TestHub;
let admin: TestClient;
let agent: TestAgent;
let assetId: string;
/** Its person signs out at once; the hub looks at each ping, so it is looked at when the other tests are done. */
let signedOut: TestTerminal;
beforeAll(async () => {
  hub = await TestHub.start();
  admin = await hub.asAdmin();
  agent = await hub.enrolAgent();
  ({ assetId } = await admin.query<{ assetId: string }>("fleet.agent", { id: agent.id }));
  const leaving = await hub.as("admin");
  signedOut = await leaving.openTerminal(assetId);
  await leaving.mutate("auth.signOut");
});
afterAll(() => hub[Symbol.asyncDispose]());

const idOf = async (client: TestClient) => (await client.query<{ me: { id: string } }>("auth.state")).me.id;

async function personWith(...actions: string[]): Promise<TestClient> {
  const client = await hub.as("user");
  await hub.grant(await idOf(client), [assetId], actions);
  return client;
}

const shellOf = (terminal: TestTerminal) => {
  const found = [...agent.shells.values()].find(({ sessionId }) => sessionId === terminal.sessionId);
  if (found === undefined) throw new Error("the agent has no such shell");
  return found;
};

describe("somebody else's session", () => {
  test("is not found by another person, dead or alive", async () => {
    const [owner, other] = [await personWith("connect"), await personWith("connect")];
    const terminal = await owner.openTerminal(assetId);
    const attempt = await other.attach(terminal.sessionId, 0);
    expect(attempt.find("error")).toMatchObject({ code: "not-found" });
    await attempt.until(() => attempt.closeCode !== null);
    expect(attempt.closeCode).toBe(4404);
    const nobody = await other.attach("ses_000000000000000000000000", 0);
    expect(nobody.find("error")).toEqual(attempt.find("error"));
    expect((await other.rest("GET", `/api/v1/sessions/${terminal.sessionId}/recording.cast`)).status).toBe(404);
    await owner.mutate("sessions.end", { id: terminal.sessionId });
    expect((await other.attach(terminal.sessionId, 0)).find("error")).toMatchObject({ code: "not-found" });
  });

  test("may be watched by an auditor, who cannot type, and the watching is recorded", async () => {
    const owner = await personWith("connect");
    const auditor = await hub.as("auditor");
    const terminal = await owner.openTerminal(assetId);
    terminal.type("secret work");
    const watching = await auditor.attach(terminal.sessionId, 0);
    await watching.until(() => watching.text === "secret work");
    expect(watching.find("opened")).toMatchObject({ owner: false });
    await terminal.until(() => terminal.messages.some(({ type, count }) => type === "viewers" && count === 2));
    watching.control({ type: "resize", cols: 200, rows: 60 });
    watching.type("rm -rf /");
    await watching.until(() => watching.closeCode !== null);
    expect(watching.closeCode).toBe(4403);
    terminal.type("!");
    await terminal.until(() => terminal.text === "secret work!");
    expect(terminal.find("resize")).toBeUndefined();
    const { total } = await admin.query<{ total: number }>("audit.list", {
      subjectId: terminal.sessionId,
      kind: "session.watched",
    });
    expect(total).toBe(1);
    const ending = await auditor.attach(terminal.sessionId, 0);
    ending.control({ type: "end" });
    await ending.until(() => ending.closeCode !== null);
    expect(ending.closeCode).toBe(4403);
    terminal.type("?");
    await terminal.until(() => terminal.text === "secret work!?");
    terminal.close();
  });

  test("a watcher that reads nothing holds back nobody", async () => {
    const owner = await personWith("connect");
    const terminal = await owner.openTerminal(assetId);
    const watching = await (await hub.as("auditor")).attach(terminal.sessionId, 0);
    watching.acknowledge = false;
    const data = randomBytes(1024 * 1024);
    shellOf(terminal).ring.append(data);
    agent.mux.wake();
    await terminal.until(() => terminal.output.length === data.length);
    expect(terminal.output.equals(data)).toBe(true);
    terminal.close();
    watching.close();
  });
});

describe("what is typed and printed", () => {
  test("a paste of 64 KiB arrives whole, in order", async () => {
    const taken: Buffer[] = [];
    const paster = await hub.enrolAgent({ shell: (_, data) => taken.push(data) });
    const { assetId: there } = await admin.query<{ assetId: string }>("fleet.agent", { id: paster.id });
    const terminal = await admin.openTerminal(there);
    const paste = randomBytes(64 * 1024);
    terminal.type(paste);
    await eventually(
      () => taken.reduce((sum, part) => sum + part.length, 0),
      (bytes) => bytes === paste.length,
    );
    expect(Buffer.concat(taken).equals(paste)).toBe(true);
    await terminal.until(() => terminal.messages.some(({ type, offset }) => type === "input-ack" && offset === paste.length));
    terminal.close();
    paster.stop();
  });

  test("control sequences of every kind pass unchanged, cut wherever they are cut", async () => {
    const terminal = await admin.openTerminal(assetId);
    const hostile = Buffer.concat([
      Buffer.from(
        "\u001b]0;title\u0007\u001b]8;;javascript:alert(1)\u001b\\link\u001b]8;;\u001b\\\u001b]52;c;cm0gLXJmIC8=\u0007",
      ),
      Buffer.from('\u001b[201~\u001bP$q"p\u001b\\\u009b6n\u001b[c\u001b[?1049h\u001b[?2004h'),
      Buffer.from([0x00, 0x80, 0xff, 0xfe, 0xc0, 0xaf, 0xed, 0xa0, 0x80, 0xf5]),
      Buffer.from("你好🎉".repeat(10)),
    ]);
    for (const byte of hostile) {
      shellOf(terminal).ring.append(Buffer.from([byte]));
      agent.mux.wake();
    }
    await terminal.until(() => terminal.output.length === hostile.length);
    expect(terminal.output.equals(hostile)).toBe(true);
    expect((await replayed(terminal.sessionId)).output.equals(hostile)).toBe(true);
    terminal.close();
  });

  test("a new size reaches the shell, the other windows and the recording", async () => {
    const terminal = await admin.openTerminal(assetId);
    const other = await admin.attach(terminal.sessionId, 0);
    terminal.control({ type: "resize", cols: 132, rows: 43 });
    await terminal.until(() => terminal.text.includes("[132x43]"));
    await other.until(() => other.messages.some(({ type, cols }) => type === "resize" && cols === 132));
    expect((await replayed(terminal.sessionId)).sizes).toContain("132x43");
    terminal.close();
    other.close();
  });
});

type Index = {
  live: boolean;
  outputBytes: number;
  segments: { n: number; fromOffset: number; toOffset: number; bytes: number; fromMs: number; toMs: number }[];
  keyframes: { offset: number }[];
};

async function replayed(sessionId: string, by = admin): Promise<{ index: Index; output: Buffer; sizes: string[] }> {
  const path = `/api/v1/sessions/${sessionId}/replay`;
  const index: Index = await (await by.rest("GET", `${path}/index`)).json();
  const output: Uint8Array[] = [];
  const sizes: string[] = [];
  for (const { n, bytes } of index.segments) {
    const segment = Buffer.from(await (await by.rest("GET", `${path}/segment?n=${n}`)).arrayBuffer());
    const events = decodeLogEvents(segment);
    const printed = events.filter(({ kind }) => kind === logEventKinds.output).map(({ data }) => data);
    expect(Buffer.concat(printed)).toHaveLength(bytes);
    output.push(...printed);
    for (const { kind, data } of events)
      if (kind === logEventKinds.resize) sizes.push(`${Buffer.from(data).readUInt16BE(0)}x${Buffer.from(data).readUInt16BE(2)}`);
  }
  return { index, output: Buffer.concat(output), sizes };
}

describe("a replay", () => {
  const lines = Array.from(
    { length: 12_000 },
    (_, n) =>
      `\u001b[${31 + (n % 7)}m${n}\u001b[0m line ${"=".repeat(n % 70)} 你好 ${n % 13 === 0 ? "\u001b[2J\u001b[H" : ""}\r\n`,
  ).join("");
  const data = Buffer.from(lines);
  let sessionId: string;
  beforeAll(async () => {
    const terminal = await admin.openTerminal(assetId);
    const shell = shellOf(terminal);
    for (let at = 0; at < data.length; at += 20_000) {
      shell.ring.append(data.subarray(at, at + 20_000));
      agent.mux.wake();
      await terminal.until(() => terminal.output.length >= Math.min(data.length, at + 20_000) - 200_000);
    }
    await terminal.until(() => terminal.output.length === data.length);
    ({ sessionId } = terminal);
    await admin.mutate("sessions.end", { id: sessionId });
  });

  test("gives back exactly what was printed, segment after segment", async () => {
    const { index, output } = await replayed(sessionId);
    expect(output.equals(data)).toBe(true);
    expect(index).toMatchObject({ live: false, outputBytes: data.length });
    let at = 0;
    for (const segment of index.segments) {
      expect(segment.fromOffset).toBe(at);
      at = segment.toOffset;
    }
    expect(at).toBe(data.length);
    expect(index.segments.length).toBeGreaterThan(1); // how many depends on how much came while a chunk was written
    const beyond = await admin.rest("GET", `/api/v1/sessions/${sessionId}/replay/segment?n=${index.segments.length}`);
    expect(beyond.status).toBe(404);
    for (const n of ["-1", "x", "", "1e3", "99999999999999999999"])
      expect((await admin.rest("GET", `/api/v1/sessions/${sessionId}/replay/segment?n=${n}`)).status).toBe(400);
  });

  test("shows at any offset the screen that a terminal fed up to there would show, looking ahead and back", async () => {
    const offsets = [0, 1, 1_000, data.length - 5, 400_000, 123_457, data.length].filter((offset) => offset <= data.length);
    for (const offset of offsets) {
      const response = await admin.rest("GET", `/api/v1/sessions/${sessionId}/replay/keyframe?offset=${offset}`);
      expect(response.status).toBe(200);
      const screen = await drawn(Buffer.from(await response.text()));
      expect(screen, `offset ${offset}`).toEqual(await drawn(data.subarray(0, offset)));
    }
    expect((await admin.rest("GET", `/api/v1/sessions/${sessionId}/replay/keyframe?offset=${data.length + 1}`)).status).toBe(404);
  });

  test("is one event for each viewer, whichever piece is asked for first", async () => {
    const viewings = async (by: TestClient) =>
      (
        await admin.query<{ total: number }>("audit.list", {
          subjectId: sessionId,
          kind: "session.replayed",
          actorId: await idOf(by),
        })
      ).total;
    for (const piece of ["segment?n=0", "keyframe?offset=10", "index", "index?again=1"]) {
      const auditor = await hub.as("auditor");
      for (const asked of [piece, "index", "segment?n=0", piece])
        expect((await auditor.rest("GET", `/api/v1/sessions/${sessionId}/replay/${asked}`)).status).toBe(200);
      expect(await viewings(auditor), piece).toBe(1);
    }
  });
});

/** What a terminal shows, its last lines and the cursor, after these bytes. */
async function drawn(bytes: Buffer): Promise<{ screen: string; cursor: [number, number] }> {
  const terminal = new Terminal({ cols: 80, rows: 24, scrollback: 0, allowProposedApi: true, logLevel: "off" });
  const serializer = new SerializeAddon();
  terminal.loadAddon(serializer);
  await new Promise<void>((resolve) => terminal.write(bytes, resolve));
  const { cursorX, cursorY } = terminal.buffer.active;
  const screen = serializer.serialize({ scrollback: 0 });
  terminal.dispose();
  return { screen, cursor: [cursorX, cursorY] };
}

describe("the terminal socket", () => {
  const socketTo = (headers: object, protocols = [terminalSubprotocol]) =>
    upgrade(hub.url, "/ws/terminal", { protocols, headers: { origin: hub.url, ...admin.headers, ...headers } });
  const closeOf = (socket: WebSocket | null): Promise<number> =>
    new Promise((resolve) => socket?.once("close", (code) => resolve(code)));

  test.each([
    ["another subprotocol", ["sallyport.terminal.v2"]],
    ["none", []],
    ["MQTT", ["mqtt"]],
  ])("asked for with %s is refused before it opens", async (_, protocols) => {
    expect((await socketTo({}, protocols)).status).toBe(400);
  });

  test.each<[string, string | Buffer]>([
    ["bytes", Buffer.from("0000000000000000", "hex")],
    ["no JSON", "open"],
    ["a list", "[]"],
    ["another type", '{"type":"close"}'],
    ["no asset", '{"type":"open","cols":80,"rows":24}'],
    ["a size of nothing", '{"type":"open","assetId":"x","cols":0,"rows":24}'],
    ["a size of a million", '{"type":"open","assetId":"x","cols":1000000,"rows":24}'],
    ["an offset below zero", '{"type":"attach","sessionId":"x","from":-1,"cols":80,"rows":24}'],
  ])("that begins with %s is closed with 4400", async (_, first) => {
    const { socket } = await socketTo({});
    const closed = closeOf(socket);
    socket?.send(first);
    expect(await closed).toBe(4400);
  });

  test("with a message larger than any paste is closed", async () => {
    const { socket } = await socketTo({});
    const closed = closeOf(socket);
    socket?.send(Buffer.alloc(256 * 1024));
    expect(await closed).toBe(1009);
  });

  test("closes for a message that is none, and the session goes on", async () => {
    const terminal = await admin.openTerminal(assetId);
    terminal.sendRaw('{"type":"resize","cols":"x"}');
    await terminal.until(() => terminal.closeCode !== null);
    expect(terminal.closeCode).toBe(4400);
    const again = await admin.attach(terminal.sessionId, 0);
    again.type("on");
    await again.until(() => again.text === "on");
    again.close();
  });

  test("does not take an acknowledgement of what was never sent for room", async () => {
    const terminal = await admin.openTerminal(assetId);
    terminal.acknowledge = false;
    terminal.control({ type: "ack", offset: Number.MAX_SAFE_INTEGER });
    const shell = shellOf(terminal);
    shell.ring.append(Buffer.alloc(2 * 1024 * 1024, "x"));
    agent.mux.wake();
    await terminal.until(() => terminal.output.length >= 256 * 1024);
    terminal.control({ type: "ping", t: 1 });
    await terminal.until(() => terminal.find("pong") !== undefined);
    expect(terminal.output.length).toBeLessThanOrEqual(256 * 1024 + 64 * 1024);
    terminal.close();
  });

  test("opens with an access key, without an Origin", async () => {
    const program = await admin.withKey();
    const { status, socket } = await upgrade(hub.url, "/ws/terminal", {
      protocols: [terminalSubprotocol],
      headers: program.headers,
    });
    expect(status).toBe(101);
    const opened = new Promise<{ type: string }>((resolve) =>
      socket?.once("message", (data) => resolve(JSON.parse(data.toString()))),
    );
    socket?.send(JSON.stringify({ type: "open", assetId, cols: 80, rows: 24 }));
    expect(await opened).toMatchObject({ type: "opened", owner: true });
    socket?.close();
  });
});

test(`a person may have ${livePerPersonMax} terminals, and the next one when one has ended`, async () => {
  const client = await personWith("connect");
  const terminals: TestTerminal[] = [];
  for (let n = 0; n < livePerPersonMax; n++) terminals.push(await client.openTerminal(assetId));
  const refused = await client.openTerminal(assetId);
  expect(refused.find("error")).toMatchObject({ code: "too-many" });
  await refused.until(() => refused.closeCode !== null);
  expect(refused.closeCode).toBe(4429);
  await client.mutate("sessions.end", { id: terminals[0]?.sessionId });
  expect((await client.openTerminal(assetId)).find("opened")).toBeDefined();
  await admin.mutate("people.disable", { id: await idOf(client) });
  for (const terminal of terminals.slice(1)) expect(await terminal.ended()).toMatchObject({ reason: "ended-by-admin" });
});

test("fifty asked for at once are fifty as well", async () => {
  const client = await personWith("connect");
  const asked = await Promise.all(Array.from({ length: livePerPersonMax + 10 }, () => client.openTerminal(assetId)));
  expect(asked.filter((terminal) => terminal.find("opened") !== undefined).length).toBeLessThanOrEqual(livePerPersonMax);
  await admin.mutate("people.disable", { id: await idOf(client) });
});

test("a window whose person has signed out is closed within two pings", async () => {
  await eventually(
    () => signedOut.closeCode,
    (code) => code !== null,
    { withinMs: 42_000, what: "the window to close" },
  );
  expect(signedOut.closeCode).toBe(4401);
});

describe("a watcher who reads a kilobyte a second while a terminal floods", () => {
  test("skips ahead to the screen as it is, and the owner gets every byte", { retry: 2 }, async () => {
    const owner = await personWith("connect");
    const terminal = await owner.openTerminal(assetId);
    const watcher = await admin.attach(terminal.sessionId, null);
    watcher.readSlowly(1_024);
    const { ring } = shellOf(terminal);
    const print = async (data: Buffer) => {
      for (let at = 0; at < data.length; await new Promise(setImmediate)) {
        at += ring.append(data.subarray(at));
        agent.mux.wake();
      }
    };
    const flood = Buffer.from("y\r\n".repeat(2 * 1024 * 1024));
    const last = "the last line";
    const printed = terminal.outputOffset + flood.length + last.length;
    await print(flood);
    await print(Buffer.from(last));
    await terminal.until(() => terminal.outputOffset === printed, "the owner's last line");
    expect(terminal.text.endsWith(`y\r\n${last}`)).toBe(true);
    const from = performance.now();
    await watcher.until(
      () =>
        watcher.messages.some((message) => message.type === "snapshot" && String(message["screen"]).includes(last)) ||
        watcher.text.includes(last),
      "the watcher's last line",
    );
    expect(performance.now() - from).toBeLessThan(10_000);
    expect(watcher.output.length).toBeLessThan(256 * 1024);
    await owner.mutate("sessions.end", { id: terminal.sessionId });
  });
});
