// Dialled connections over a real link, to real sockets: every byte both ways, half-closed, reset, paused, cut.
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import net from "node:net";
import { dialRingBytes } from "@sallyport/protocol/limits";
import { expect, test } from "vitest";
import { linkedAgent } from "../testing/agents.ts";
import { TestHub } from "../testing/hub.ts";
import type { HubStream } from "../testing/hub-stream.ts";

const MiB = 1_024 * 1_024;
const sum = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

type Server = AsyncDisposable & { port: number; sockets: net.Socket[] };

async function listen(onSocket: (socket: net.Socket) => void): Promise<Server> {
  const sockets: net.Socket[] = [];
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    onSocket(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    sockets,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Sends all of it as the window allows, then ends the input. */
async function send(stream: HubStream, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const part = bytes.subarray(at, at + Math.min(MiB, stream.input.room));
    stream.type(part);
    at += part.length;
    await stream.until(() => stream.input.room >= MiB || at === bytes.length);
  }
  stream.endInput();
}

test("bytes go both ways unchanged, and each side may end its half first", { timeout: 60_000 }, async () => {
  await using hub = await TestHub.start();
  await using _agent = await linkedAgent(hub);
  const answer = randomBytes(24 * MiB);
  const heard = createHash("sha256");
  await using server = await listen((socket) => {
    socket.on("data", (data: Buffer) => heard.update(data));
    socket.on("end", () => socket.end(answer)); // answers only once the question has ended
  });
  const stream = await hub.openDial(server.port);
  const question = randomBytes(24 * MiB);
  await send(stream, question);
  await stream.until(() => stream.ended.has(0));
  expect(heard.digest("hex")).toBe(sum(question));
  expect(sum(stream.bytes())).toBe(sum(answer));
  await stream.until(() => stream.closing !== null);
  expect(stream.closing).toEqual({ exitCode: null, reason: "closed" });
});

test("a reset is told as one, after what came before it", async () => {
  await using hub = await TestHub.start();
  await using _agent = await linkedAgent(hub);
  await using server = await listen((socket) => {
    socket.write("last words", () => socket.once("data", () => socket.resetAndDestroy()));
  });
  const stream = await hub.openDial(server.port);
  await stream.until(() => stream.text() === "last words");
  stream.type("now");
  await stream.until(() => stream.closing !== null);
  expect(stream.closing?.reason).toBe("reset");
});

test("nothing listening, and a form nobody may dial, are refused with their codes, and no stream is left", async () => {
  await using hub = await TestHub.start();
  await using _agent = await linkedAgent(hub);
  const server = await listen(() => {});
  await server[Symbol.asyncDispose]();
  await expect(hub.openDial(server.port)).rejects.toThrow("refused: refused");
  await expect(hub.openDial(server.port, { allowed: [] })).rejects.toThrow("refused: own-host");
  await expect(hub.openDial(0)).rejects.toThrow("refused: bad-address");
  await expect(hub.openDial(server.port, { host: "no-such-name.invalid" })).rejects.toThrow("refused: name-not-found");
  await expect(hub.openDial(server.port, { sessionId: "../../etc" })).rejects.toThrow("refused: malformed");
});

test("a hub that takes nothing makes the socket wait, and memory with it", async () => {
  await using hub = await TestHub.start();
  await using _agent = await linkedAgent(hub);
  const part = randomBytes(64 * 1_024);
  const parts = 1_024;
  let written = 0;
  await using server = await listen((socket) => {
    const pump = () => {
      while (written < parts) {
        written += 1;
        if (!socket.write(part)) return;
      }
    };
    socket.on("drain", pump);
    pump();
  });
  const stream = await hub.openDial(server.port);
  stream.taking = false;
  for (let stood = 0, before = -1; stood < 4; before = written) {
    stood = written === before ? stood + 1 : 0;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  // Under way are the window, the ring and what the kernel holds of a loopback connection: at most 6 + 4 MiB by default.
  expect(stream.bytes().length).toBeLessThanOrEqual(MiB);
  expect(written * part.length).toBeLessThan(dialRingBytes + 16 * MiB);
  stream.take();
  await stream.until(() => stream.count() >= parts * part.length);
  const expected = createHash("sha256");
  for (let n = 0; n < parts; n += 1) expected.update(part);
  expect(sum(stream.bytes())).toBe(expected.digest("hex"));
});

test("a peer that reads nothing holds back the hub's sender at the window", async () => {
  await using hub = await TestHub.start();
  await using _agent = await linkedAgent(hub);
  await using server = await listen((socket) => socket.pause());
  const stream = await hub.openDial(server.port);
  const flood = Buffer.alloc(8 * MiB - 1, "typed");
  let sent = 0;
  let stood = 0;
  for (const deadline = performance.now() + 5_000; stood < 10 && performance.now() < deadline; ) {
    const part = flood.subarray(0, stream.input.room);
    if (part.length > 0) stream.type(part);
    stood = part.length === 0 ? stood + 1 : 0;
    sent += part.length;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  // The kernel's buffers, our window, the test's ring; without a brake it would be hundreds of megabytes by now.
  expect(sent).toBeLessThan(40 * MiB);
  const [socket] = server.sockets;
  let received = 0;
  socket?.on("data", (data: Buffer) => {
    received += data.length;
  });
  socket?.resume();
  await expect.poll(() => received, { timeout: 10_000 }).toBe(sent);
});

test("a connection outlives its link: every byte once, in order, both ways", { timeout: 60_000 }, async () => {
  await using hub = await TestHub.start();
  await using _agent = await linkedAgent(hub);
  const answer = randomBytes(16 * MiB);
  const heard: Buffer[] = [];
  await using server = await listen((socket) => {
    socket.on("data", (data: Buffer) => heard.push(data));
    socket.end(answer);
  });
  const stream = await hub.openDial(server.port);
  const question = randomBytes(16 * MiB);
  const sending = send(stream, question);
  for (const at of [1, 5, 9]) {
    await stream.until(() => stream.count() > at * MiB);
    hub.cut();
  }
  await sending;
  await stream.until(() => stream.closing !== null);
  expect(sum(stream.bytes())).toBe(sum(answer));
  expect(sum(Buffer.concat(heard))).toBe(sum(question));
});

test("a hub that closes the stream ends the connection, after what was sent before", async () => {
  await using hub = await TestHub.start();
  await using _agent = await linkedAgent(hub);
  let heard = "";
  const over: Promise<unknown>[] = [];
  await using server = await listen((socket) => {
    socket.on("data", (data: Buffer) => (heard += data.toString()));
    over.push(once(socket, "end"));
  });
  const stream = await hub.openDial(server.port);
  stream.type("the very last");
  stream.close("client-gone");
  await expect.poll(() => over.length).toBe(1);
  await over[0];
  expect(heard).toBe("the very last");
});
