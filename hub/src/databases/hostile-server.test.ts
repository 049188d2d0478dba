// A server that is none, or a wicked one: it is told apart, learns no password, and costs the hub neither memory nor time.
import { once } from "node:events";
import net from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { TestClient } from "../testing/test-client.ts";
import { TestHub } from "../testing/test-hub.ts";

const password = "a-password-that-nobody-hears";
let hub: TestHub;
let admin: TestClient;
let zoneId: string;
const open = new Set<net.Socket>();
const servers: net.Server[] = [];

beforeAll(async () => {
  hub = await TestHub.start();
  admin = await hub.asAdmin();
  await hub.enrolAgent({ connects: true });
  zoneId = (await admin.query<{ items: { id: string }[] }>("fleet.zones")).items[0]?.id ?? "";
});
afterAll(async () => {
  for (const socket of open) socket.destroy();
  for (const server of servers) server.close();
  await hub[Symbol.asyncDispose]();
});

type Talk = (socket: net.Socket, heard: (then: (data: Buffer) => void) => void) => void;

let made = 0;
async function refusalOf(platform: "mysql" | "postgresql", talk: Talk): Promise<{ code: string; heard: Buffer }> {
  const all: Buffer[] = [];
  const server = net.createServer((socket) => {
    open.add(socket);
    socket.on("error", () => {});
    const waiting: ((data: Buffer) => void)[] = [];
    socket.on("data", (data) => {
      all.push(data);
      waiting.shift()?.(data);
    });
    talk(socket, (then) => waiting.push(then));
  });
  servers.push(server.listen(0, "127.0.0.1"));
  await once(server, "listening");
  const address = server.address();
  made += 1;
  const { id } = await admin.mutate<{ id: string }>("assets.create", {
    name: `wicked ${made}`,
    zoneId,
    platform,
    address: "127.0.0.1",
    protocols: [{ name: platform, port: typeof address === "object" && address !== null ? address.port : 0 }],
  });
  const secret = { kind: "password", password };
  await admin.mutate("accounts.create", { assetId: id, username: "hub_admin", privileged: true, secret });
  const code = await admin.refusal(admin.query("databases.catalogue", { assetId: id }));
  return { code: code ?? "", heard: Buffer.concat(all) };
}

const packet = (sequence: number, body: Buffer): Buffer => {
  const header = Buffer.alloc(4);
  header.writeUIntLE(body.length, 0, 3);
  header.writeUInt8(sequence, 3);
  return Buffer.concat([header, body]);
};
/** Protocol::HandshakeV10 with the plugin's name, and without TLS. */
const greeting = packet(
  0,
  Buffer.concat([
    Buffer.from([10]),
    Buffer.from("8.0.0\0"),
    Buffer.alloc(4, 1),
    Buffer.from("12345678\0"),
    Buffer.from([0xff, 0xf7, 33, 2, 0, 0xff, 0x81, 21]),
    Buffer.alloc(10),
    Buffer.from("123456789012\0"),
    Buffer.from("mysql_native_password\0"),
  ]),
);
const message = (letter: string, body: Buffer): Buffer => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length + 4);
  return Buffer.concat([Buffer.from(letter), length, body]);
};
const number = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};
/** Says no to TLS, and then, to whoever signs in, this. */
const afterStart =
  (...answers: Buffer[]): Talk =>
  (socket, heard) =>
    heard(() => {
      socket.write("N");
      heard(() => socket.write(answers[0] ?? ""));
      for (const answer of answers.slice(1)) heard(() => socket.write(answer));
    });

const wicked: [string, "mysql" | "postgresql", Talk][] = [
  ["says what no MySQL says", "mysql", (socket) => socket.end("SSH-2.0-OpenSSH_9.2\r\n")],
  ["hangs up", "mysql", (socket) => socket.destroy()],
  [
    "announces 16 MB and never stops",
    "mysql",
    (socket) => {
      socket.write(Buffer.from([0xff, 0xff, 0xff, 0]));
      const pour = () => {
        while (!socket.destroyed && socket.write(Buffer.alloc(65_536, 7)));
      };
      socket.on("drain", pour);
      pour();
    },
  ],
  [
    "asks for the password as it is",
    "mysql",
    (socket, heard) => {
      socket.write(greeting);
      heard(() => socket.write(packet(2, Buffer.from("\xfemysql_clear_password\0\0", "latin1"))));
    },
  ],
  [
    "asks for a file in answer to a question",
    "mysql",
    (socket, heard) => {
      socket.write(greeting);
      heard(() => socket.write(packet(2, Buffer.from([0, 0, 0, 2, 0, 0, 0]))));
      heard(() => socket.write(packet(1, Buffer.from("\xfb/etc/passwd", "latin1"))));
      heard(() => socket.write(packet(3, Buffer.from([0, 0, 0, 2, 0, 0, 0]))));
    },
  ],
  ["says what no PostgreSQL says", "postgresql", (socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")],
  ["asks for the password as it is", "postgresql", afterStart(message("R", number(3)))],
  ["announces 2 GB", "postgresql", afterStart(Buffer.concat([Buffer.from("R"), number(0x7fffffff), Buffer.alloc(1_000)]))],
  [
    "has a password computed for years",
    "postgresql",
    afterStart(
      message("R", Buffer.concat([number(10), Buffer.from("SCRAM-SHA-256\0\0")])),
      message("R", Buffer.concat([number(11), Buffer.from("r=abc,s=YWJjZA==,i=2147483647")])),
    ),
  ],
  [
    "sends a challenge without sense",
    "postgresql",
    afterStart(
      message("R", Buffer.concat([number(10), Buffer.from("SCRAM-SHA-256\0\0")])),
      message("R", Buffer.concat([number(11), Buffer.from("r")])),
    ),
  ],
  ["answers before it is asked", "postgresql", afterStart(message("D", Buffer.alloc(20)))],
];

test.each(wicked)("a server that %s (%s) is refused, and hears no password", async (_what, platform, talk) => {
  const before = process.memoryUsage().rss;
  const { code, heard } = await refusalOf(platform, talk);
  expect(["database-protocol", "not-reached", "too-large", "database-failed"]).toContain(code);
  expect(heard.includes(password)).toBe(false);
  expect(heard.includes("root:")).toBe(false);
  expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1024 * 1024);
  expect((await admin.query<{ me: object }>("auth.state")).me).toBeDefined();
});
