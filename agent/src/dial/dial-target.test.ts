// What a dial may not reach, counted on listeners that would hear of it.
import net from "node:net";
import os from "node:os";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connect } from "./connect.ts";
import { readHost, whyRefused } from "./dial-target.ts";

const own = Object.values(os.networkInterfaces()).flatMap((addresses) => addresses ?? []);
const outward = own.find(({ internal, family }) => !internal && family === "IPv4")?.address;

/** Forms of this host, of cloud metadata, of other things no order should reach, and of nothing at all. */
const corpus: readonly string[] = [
  // This host, plainly.
  ...[
    "127.0.0.1",
    "127.0.0.2",
    "127.1.2.3",
    "127.255.255.254",
    "0.0.0.0",
    "0.1.2.3",
    "::1",
    "::",
    "0:0:0:0:0:0:0:1",
    "0000:0000::0001",
  ],
  // This host, as other readers read it.
  ...[
    "127.1",
    "127.0.1",
    "0",
    "1",
    "2130706433",
    "017700000001",
    "0x7f000001",
    "0x7f.0.0.1",
    "0177.0.0.1",
    "127.0.0.01",
    "0x7f.1",
  ],
  ...["127.0.0.1.", "127.0.0.1 ", " 127.0.0.1", "127.0.0.1\0", "127.0.0.1\n", "127.0.0.1%lo", "127.0.0.1/8", "127.0.0.1:80"],
  // This host inside of another address.
  ...["::ffff:127.0.0.1", "::ffff:7f00:1", "::FFFF:127.0.0.1", "0:0:0:0:0:ffff:127.0.0.1", "::127.0.0.1", "::7f00:1"],
  ...["64:ff9b::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::7f00:1", "2002:7f00:1::1", "2002:7f00:1::", "::ffff:0:127.0.0.1"],
  ...["2001:0:7f00:1::1", "::1%lo", "[::1]", "::ffff:0.0.0.0"],
  // This host by name.
  ...["localhost", "LOCALHOST", "localhost.", "ip6-localhost", os.hostname()],
  // Names that are none.
  ...["", ".", "a..b", "-a.example", "a-.example", `${"a".repeat(64)}.example`, `${"a.".repeat(130)}example`, "example.123"],
  ...["user@127.0.0.1", "127.0.0.1#x", "127.0.0.1?x", "http://127.0.0.1", "127。0。0。1", "①②⑦.⓪.⓪.①", "ｌocalhost", "exa mple"],
  // Metadata of clouds, and one link only.
  ...["169.254.169.254", "::ffff:169.254.169.254", "169.254.0.1", "2852039166", "0xa9fea9fe", "100.100.100.200", "192.0.0.192"],
  ...[
    "168.63.129.16",
    "fd00:ec2::254",
    "fd20:ce::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
  ],
  // No single host.
  ...["224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "ff02::1", "ff05::2", "192.0.0.1", "100::1"],
];

let connects = 0;
let port = 0;
const listeners: net.Server[] = [];

beforeAll(async () => {
  const listen = async (host: string, at: number): Promise<number> => {
    const server = net.createServer((socket) => {
      connects += 1;
      socket.destroy();
    });
    listeners.push(server);
    await new Promise<void>((resolve, reject) => server.once("error", reject).listen(at, host, resolve));
    const address = server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  };
  // Every address of this host, of both families.
  port = await listen("::", 0);
});
afterAll(() => {
  for (const listener of listeners) listener.close();
});

const dial = (host: string, options: { allowed?: string[]; lookup?: () => Promise<string[]>; hub?: string[] } = {}) =>
  connect(
    { host, port, allowed: options.allowed ?? [], timeoutMs: 1_000 },
    {
      hub: options.hub ?? [],
      onread: { buffer: Buffer.alloc(1_024), callback: () => true },
      ...(options.lookup && { lookup: options.lookup }),
    },
  );

test(`the corpus has ${corpus.length} forms, each once`, () => {
  expect(corpus.length).toBeGreaterThanOrEqual(60);
  expect(new Set(corpus).size).toBe(corpus.length);
});

test("no form of the corpus reaches anything", async () => {
  // Refused before anything was sent, not by a network that happened to be unreachable.
  const judged = ["bad-address", "own-host", "link-local", "metadata", "not-unicast", "embedded-address", "name-not-found"];
  for (const host of corpus) {
    const dialled = await dial(host);
    expect({ host, judged: !dialled.ok && judged.includes(dialled.code) }).toEqual({ host, judged: true });
  }
  expect(connects).toBe(0);
}, 60_000);

test("an address of this host's own that is not loopback is this host too", async () => {
  if (outward === undefined) throw new Error("this machine has no address but loopback");
  expect(await dial(outward)).toMatchObject({ ok: false, code: "own-host" });
  expect(connects).toBe(0);
});

test("the hub is refused, by any spelling of its address", async () => {
  expect(await dial("203.0.113.9", { hub: ["203.0.113.9"] })).toMatchObject({ ok: false, code: "hub" });
  expect(whyRefused("2001:db8:0::9", { own: [], hub: ["2001:DB8::0009"], allowed: [] })).toBe("hub");
});

test("a name that changes between two questions is asked once, and never reaches what it changed to", async () => {
  let asked = 0;
  const rebinding = async () => [asked++ === 0 ? "192.0.2.1" : "127.0.0.1"];
  const dialled = await dial("rebind.example", { lookup: rebinding });
  expect(dialled.ok).toBe(false);
  expect(asked).toBe(1);
  expect((await dial("inside.example", { lookup: async () => ["127.0.0.1", "::1", "::ffff:127.0.0.1"] })).ok).toBe(false);
  expect(connects).toBe(0);
});

test("what the order allows is reached, and nothing beside it", async () => {
  const dialled = await dial("127.0.0.1", { allowed: ["127.0.0.1"] });
  expect(dialled.ok).toBe(true);
  if (dialled.ok) dialled.socket.destroy();
  expect((await dial("127.0.0.2", { allowed: ["127.0.0.1"] })).ok).toBe(false);
  expect((await dial("::1", { allowed: ["127.0.0.1", "not an address", "::2"] })).ok).toBe(false);
  await expect.poll(() => connects).toBe(1);
});

test("neighbours are reached: private networks are what agents are for", () => {
  const nobody = { own: [], hub: [], allowed: [] };
  for (const address of ["10.0.0.1", "172.16.5.4", "192.168.1.1", "100.64.0.9", "203.0.113.7", "fd12:3456::1", "2001:db8::1"])
    expect([address, whyRefused(address, nobody)]).toEqual([address, null]);
  expect(readHost("db-1.prod.example")).toEqual({ kind: "name", host: "db-1.prod.example" });
  expect(readHost("_sql.Prod")).toEqual({ kind: "name", host: "_sql.prod" });
  expect(readHost("2001:DB8:0:0::1")).toEqual({ kind: "address", host: "2001:db8::1" });
});
