import { once } from "node:events";
import net from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../testing/eventually.ts";
import { RawLink } from "../testing/raw-link.ts";
import { TestBroker } from "../testing/test-broker.ts";
import { WaitingRoom } from "./waiting-room.ts";

/** Two ends of real connections, until the test is over. */
const server = net.createServer();
beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});
afterAll(() => {
  server.close();
});

/** @param say what each says at once; nothing when empty. */
async function arrivals(count: number, say = "hello"): Promise<net.Socket[]> {
  const address = server.address();
  const arrived: net.Socket[] = [];
  while (arrived.length < count) {
    const dialled = net.connect(typeof address === "object" ? (address?.port ?? 0) : 0, "127.0.0.1");
    dialled.on("error", () => {});
    if (say !== "") dialled.write(say);
    const [socket] = await once(server, "connection");
    if (socket instanceof net.Socket) arrived.push(socket);
  }
  return arrived;
}

test("a few begin at once, the others in their order, each once", async () => {
  const begun: number[] = [];
  const at: number[] = [];
  const sockets = await arrivals(20);
  const from = performance.now();
  const room = new WaitingRoom({ reserve: () => () => {}, perAddressMax: 100 });
  for (const [n, socket] of sockets.entries())
    room.enter(socket, () => {
      begun.push(n);
      at.push(performance.now());
    });
  // Four, and four more in the course of each 10 ms that have passed meanwhile: a busy machine takes longer to come here.
  const since = performance.now() - from;
  expect(begun.length).toBeGreaterThanOrEqual(4);
  expect(begun.length).toBeLessThanOrEqual(4 + Math.ceil((since / 10) * 4));
  expect(begun.length + room.size).toBe(20);
  await eventually(
    () => begun.length,
    (count) => count === 20,
  );
  expect((at.at(-1) ?? 0) - (at[0] ?? 0)).toBeGreaterThan(20); // four more turns of four, 10 ms each
  expect(begun).toEqual(Array.from({ length: 20 }, (_, n) => n));
  expect(room.size).toBe(0);
  for (const socket of sockets) socket.destroy();
});

test("what was said is given back to be read, and more than a hello is not kept", async () => {
  let full = true;
  const room = new WaitingRoom({ reserve: () => (full ? null : () => {}), perAddressMax: 100 });
  const [modest, loud] = [...(await arrivals(1)), ...(await arrivals(1, "x".repeat(20_000)))];
  const heard = new Promise<string>((resolve) => {
    if (modest !== undefined) room.enter(modest, () => modest.once("data", (bytes: Buffer) => resolve(String(bytes))).resume());
  });
  await new Promise((resolve) => setTimeout(resolve, 50));
  full = false;
  expect(await heard).toBe("hello");
  full = true;
  let begun = 0;
  if (loud !== undefined) room.enter(loud, () => begun++);
  await eventually(
    () => loud?.destroyed,
    (destroyed) => destroyed === true,
  );
  expect([begun, room.size]).toEqual([0, 0]);
  modest?.destroy();
});

test("who says nothing gets no turn, keeps nobody from one, and is closed", { retry: 2 }, async () => {
  let full = true;
  const room = new WaitingRoom({ reserve: () => (full ? null : () => {}), perAddressMax: 100 });
  const silent = await arrivals(30, "");
  let begun = 0;
  for (const socket of silent) room.enter(socket, () => begun++);
  const [speaking] = await arrivals(1);
  let inside = false;
  if (speaking !== undefined)
    room.enter(speaking, () => {
      inside = true;
    });
  full = false;
  await eventually(
    () => inside,
    (yes) => yes,
    { withinMs: 500 },
  );
  const from = performance.now();
  await eventually(
    () => room.size,
    (size) => size === 0,
  );
  expect(performance.now() - from).toBeLessThan(6_000);
  expect(begun).toBe(0);
  expect(silent.every(({ destroyed }) => destroyed)).toBe(true);
  speaking?.destroy();
});

test("an address without a place waits, another passes it, and it goes in when it has one", async () => {
  let full = true;
  const room = new WaitingRoom({ reserve: () => (full ? null : () => {}), perAddressMax: 100 });
  const [socket] = await arrivals(1);
  let begun = 0;
  if (socket !== undefined) room.enter(socket, () => begun++);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect([begun, room.size]).toEqual([0, 1]);
  full = false;
  await eventually(
    () => begun,
    (count) => count === 1,
  );
  socket?.destroy();
});

test("who hangs up while waiting is not begun, and the room holds no more of an address than it says", async () => {
  let full = true;
  const room = new WaitingRoom({ reserve: () => (full ? null : () => {}), perAddressMax: 2 });
  const sockets = await arrivals(10);
  let begun = 0;
  for (const socket of sockets) room.enter(socket, () => begun++);
  expect(room.size).toBe(4);
  expect(sockets.filter(({ destroyed }) => destroyed)).toHaveLength(6);
  const staying = sockets.filter(({ destroyed }) => !destroyed);
  staying[0]?.destroy();
  await eventually(
    () => room.size,
    (size) => size === 3,
  );
  full = false;
  await eventually(
    () => begun,
    (count) => count === 3,
  );
  room.close();
  for (const socket of sockets) socket.destroy();
});

test("a hundred agents that dial at the same moment are all let in, and the loop is never held for long", {
  retry: 2,
}, async () => {
  await using bench = await TestBroker.start();
  const identities = await Promise.all(Array.from({ length: 100 }, () => bench.addAgent()));
  let worstMs = 0;
  let at = performance.now();
  const watch = setInterval(() => {
    worstMs = Math.max(worstMs, performance.now() - at - 5);
    at = performance.now();
  }, 5);
  const answers = await Promise.all(
    identities.map(async (identity) => {
      const link = await RawLink.dial(bench.door);
      return link.signIn(identity);
    }),
  );
  clearInterval(watch);
  expect(answers.every((code) => code === 0)).toBe(true);
  expect(worstMs).toBeLessThan(200); // both ends of every handshake are in this process
});
