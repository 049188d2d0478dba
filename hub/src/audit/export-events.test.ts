// Events outside of the hub: a real file, and real syslog receivers that go away, come back and are cut off in the middle.
import dgram from "node:dgram";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import tls from "node:tls";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { readConfig } from "../platform/config.ts";
import { type OpenDatabase, openDatabase } from "../platform/database.ts";
import { createLog } from "../platform/log.ts";
import { makeCertificates } from "../testing/certificates.ts";
import { eventually } from "../testing/eventually.ts";
import { createTestDatabase, type TestDatabase } from "../testing/test-database.ts";
import { TestHub } from "../testing/test-hub.ts";
import { EventExport } from "./export-events.ts";
import { type ExportSink, FileSink, syslogSink } from "./export-sinks.ts";
import { recordAudit } from "./record-audit.ts";

let held: TestDatabase;
let database: OpenDatabase;
let folder: string;
beforeAll(async () => {
  held = await createTestDatabase();
  database = await openDatabase({ url: held.url }, { migrationsDir: path.resolve(import.meta.dirname, "../../migrations") });
  folder = mkdtempSync(path.join(os.tmpdir(), "sallyport-export-"));
});
afterAll(async () => {
  await database.close();
  await held.sql.end();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => held.sql`truncate audit_events, audit_export_cursors`);

const record = (count: number, orgId = "org_a", name = "zone") =>
  database.db.transaction(async (tx) => {
    for (let n = 0; n < count; n++) {
      const common = { orgId, actor: { id: "usr_a", name: "Li Wei 你好" }, ip: null };
      const subject = { kind: "zone" as const, id: "zon_a", name };
      await recordAudit(
        tx,
        n % 2 === 0
          ? { ...common, kind: "zone.created", subject, data: {} }
          : { ...common, kind: "access.refused", subject, data: { action: "connect", code: "no-grant" } },
      );
    }
  });
const exportTo = (sink: ExportSink) => new EventExport(database.db, createLog("fatal"), sink);
const seqsOf = (lines: string[]): number[] => lines.map((line) => JSON.parse(line).seq);
const upTo = (last: number) => Array.from({ length: last }, (_, n) => n + 1);

describe("a file", () => {
  const linesOf = (file: string) => (existsSync(file) ? readFileSync(file, "utf8").split("\n").slice(0, -1) : []);

  test("gets every event once, as a line, across restarts and while it is rotated", async () => {
    const file = path.join(folder, "events.jsonl");
    await record(450);
    const first = exportTo(new FileSink(file));
    await first.turn();
    expect(seqsOf(linesOf(file))).toEqual(upTo(450));
    expect(statSync(file).mode & 0o777).toBe(0o600);
    renameSync(file, `${file}.1`);
    await record(3, "org_a", 'a"\nb\u001b[2J');
    await exportTo(new FileSink(file)).turn();
    expect(seqsOf(linesOf(file))).toEqual([451, 452, 453]);
    expect(readFileSync(file, "utf8")).not.toContain("\u001b");
    expect(JSON.parse(linesOf(file)[0] ?? "")).toMatchObject({
      org: "org_a",
      kind: "zone.created",
      actor: { id: "usr_a", name: "Li Wei 你好" },
      subject: { name: 'a"\nb\u001b[2J' },
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  test("that cannot be written is said, counted, and caught up with", async () => {
    const file = path.join(folder, "later", "events.jsonl");
    const exporting = exportTo(new FileSink(file));
    await record(5);
    await exporting.turn();
    expect(exporting.state).toMatchObject({ behind: 5, failure: expect.stringContaining("ENOENT"), taken: 0 });
    mkdirSync(path.dirname(file));
    await exporting.turn();
    expect(exporting.state).toMatchObject({ behind: 0, failure: null, taken: 5 });
    expect(seqsOf(linesOf(file))).toEqual(upTo(5));
  });
});

/** A receiver as RFC 6587 has it: octet counts, then the message. */
class Receiver {
  readonly messages: string[] = [];
  readonly sockets = new Set<net.Socket>();
  readonly server: net.Server;

  /** @param over TLS with this certificate; plainly when undefined. */
  constructor(over?: { certPem: string; keyPem: string }) {
    this.server =
      over === undefined
        ? net.createServer((socket) => this.#receive(socket))
        : tls.createServer({ cert: over.certPem, key: over.keyPem }, (socket) => this.#receive(socket));
  }

  #receive(socket: net.Socket): void {
    this.sockets.add(socket);
    let rest = Buffer.alloc(0);
    socket.on("error", () => {});
    socket.on("data", (data) => {
      rest = Buffer.concat([rest, data]);
      for (;;) {
        const space = rest.indexOf(" ");
        const length = Number(rest.subarray(0, space));
        if (space < 1 || rest.length < space + 1 + length) return;
        this.messages.push(rest.subarray(space + 1, space + 1 + length).toString());
        rest = rest.subarray(space + 1 + length);
      }
    });
  }

  async listen(on: { port: number; host: string } | { path: string }): Promise<number> {
    await new Promise<void>((resolve) => this.server.listen(on, () => resolve()));
    const address = this.server.address();
    return address !== null && typeof address === "object" ? address.port : 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }
}

const bodyOf = (message: string): string => message.slice(message.indexOf("\ufeff") + 1);

describe("a syslog receiver", () => {
  test("over TCP gets RFC 5424 messages, in order", async () => {
    await using receiver = new Receiver();
    const port = await receiver.listen({ port: 0, host: "127.0.0.1" });
    const exporting = exportTo(syslogSink(`tcp://127.0.0.1:${port}`, { hubId: "hub_x" }));
    await record(300);
    await exporting.turn();
    await eventually(
      () => receiver.messages.length,
      (count) => count === 300,
    );
    expect(seqsOf(receiver.messages.map(bodyOf))).toEqual(upTo(300));
    const header = /^<110>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z \S+ sallyport hub_x zone\.created - \ufeff\{/;
    expect(receiver.messages[0]).toMatch(header);
    expect(receiver.messages[1]).toMatch(/^<108>1 .* access\.refused - /); // what was refused is a warning
    await exporting.close();
  });

  test("that is cut off and away for a while misses nothing; what was in doubt comes twice", async () => {
    const seen = new Set<number>();
    const exporting = exportTo(syslogSink(`tcp://127.0.0.1:${await freePort()}`, { hubId: "hub_x" }));
    const port = Number(exporting.state.target.split(":").at(-1));
    await record(10);
    await exporting.turn();
    expect(exporting.state).toMatchObject({ behind: 10, failure: expect.stringContaining("ECONNREFUSED") });
    for (let round = 0; round < 3; round++) {
      await using receiver = new Receiver();
      await receiver.listen({ port, host: "127.0.0.1" });
      await record(20);
      await exporting.turn();
      await eventually(
        () => receiver.messages.length,
        (count) => count >= 20,
      );
      for (const seq of seqsOf(receiver.messages.map(bodyOf))) seen.add(seq);
      // It stops reading and dies with what the kernel has taken for it.
      for (const socket of receiver.sockets) socket.pause();
      await record(20);
      await exporting.turn();
      for (const socket of receiver.sockets) socket.resetAndDestroy();
      await eventually(
        () => receiver.sockets.size,
        (size) => size > 0,
      );
      await new Promise((resolve) => setTimeout(resolve, 50)); // the reset has to reach the other end
    }
    await using receiver = new Receiver();
    await receiver.listen({ port, host: "127.0.0.1" });
    await exporting.turn();
    await exporting.turn();
    await eventually(
      () => seqsOf(receiver.messages.map(bodyOf)).includes(130),
      (has) => has,
    );
    for (const seq of seqsOf(receiver.messages.map(bodyOf))) seen.add(seq);
    expect([...seen].sort((a, b) => a - b)).toEqual(upTo(130));
    expect(exporting.state).toMatchObject({ behind: 0, failure: null });
    await exporting.close();
  });

  test("over TLS gets the same, and nothing is sent to one whose certificate is of another name, authority or time", async () => {
    const here = [{ type: "ip" as const, value: "127.0.0.1" }];
    const right = await makeCertificates(here);
    const [elsewhere, stranger] = [await makeCertificates([{ type: "dns", value: "log.example" }]), await makeCertificates(here)];
    const expired = await makeCertificates(here, { notAfter: new Date(Date.now() - 60_000) });
    const caFile = path.join(folder, "authority.pem");
    await record(300);
    const cases = [
      [right, right.caPem, null],
      [elsewhere, elsewhere.caPem, /altnames|does not match/i],
      [stranger, right.caPem, /certificate|signature/i],
      [expired, expired.caPem, /expired/i],
    ] as const;
    for (const [shown, trusted, failure] of cases) {
      await held.sql`truncate audit_export_cursors`;
      await using receiver = new Receiver(shown);
      const port = await receiver.listen({ port: 0, host: "127.0.0.1" });
      writeFileSync(caFile, trusted);
      const exporting = exportTo(syslogSink(`tls://127.0.0.1:${port}`, { hubId: "hub_x", caFile }));
      await exporting.turn();
      if (failure === null) {
        await eventually(
          () => receiver.messages.length,
          (count) => count === 300,
        );
        expect(seqsOf(receiver.messages.map(bodyOf))).toEqual(upTo(300));
      } else {
        expect(exporting.state).toMatchObject({ behind: 300, failure: expect.stringMatching(failure), taken: 0 });
        expect(receiver.messages).toEqual([]);
      }
      await exporting.close();
    }
    // Without the file only authorities that Node knows count; with one that is gone nothing does.
    for (const noFile of [undefined, path.join(folder, "nowhere.pem")]) {
      await using receiver = new Receiver(right);
      const port = await receiver.listen({ port: 0, host: "127.0.0.1" });
      const exporting = exportTo(syslogSink(`tls://127.0.0.1:${port}`, { hubId: "hub_x", caFile: noFile }));
      await exporting.turn();
      expect(exporting.state.taken).toBe(0);
      expect(receiver.messages).toEqual([]);
      await exporting.close();
    }
  });

  test("that stays away is asked less and less often, and at once again after it was there", async () => {
    let nowMs = 0;
    let asked = 0;
    const certificates = await makeCertificates([{ type: "ip", value: "127.0.0.1" }]);
    const caFile = path.join(folder, "patient.pem");
    writeFileSync(caFile, certificates.caPem);
    const away = net.createServer((socket) => {
      asked += 1;
      socket.destroy();
    });
    await new Promise<void>((resolve) => away.listen(0, "127.0.0.1", () => resolve()));
    const address = away.address();
    const port = address !== null && typeof address === "object" ? address.port : 0;
    const exporting = exportTo(syslogSink(`tls://127.0.0.1:${port}`, { hubId: "hub_x", caFile, monotonicMs: () => nowMs }));
    await record(5);
    const turnsFor = async (seconds: number) => {
      for (let second = 0; second < seconds; second++) {
        await exporting.turn();
        nowMs += 1_000;
      }
    };
    await turnsFor(64);
    expect(asked).toBeLessThanOrEqual(8);
    expect(exporting.state).toMatchObject({ behind: 5, failure: expect.any(String) });
    await turnsFor(300);
    expect(asked).toBeLessThanOrEqual(14);
    await new Promise<void>((resolve) => away.close(() => resolve()));
    await using receiver = new Receiver(certificates);
    await receiver.listen({ port, host: "127.0.0.1" });
    await turnsFor(61);
    await eventually(
      () => receiver.messages.length,
      (count) => count >= 5,
    );
    expect(exporting.state).toMatchObject({ behind: 0, failure: null });
    await exporting.close();
  });

  test("over a unix socket gets the same", async () => {
    await using receiver = new Receiver();
    const socket = path.join(folder, "log.sock");
    await receiver.listen({ path: socket });
    const exporting = exportTo(syslogSink(`unix:${socket}`, { hubId: "hub_x" }));
    await record(3);
    await exporting.turn();
    await eventually(
      () => receiver.messages.length,
      (count) => count === 3,
    );
    await exporting.close();
  });

  test("over UDP gets a datagram an event, and one too large goes without its data", async () => {
    const socket = dgram.createSocket("udp4");
    const messages: string[] = [];
    socket.on("message", (message) => messages.push(message.toString()));
    await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", () => resolve()));
    const exporting = exportTo(syslogSink(`udp://127.0.0.1:${socket.address().port}`, { hubId: "hub_x" }));
    const long = { reason: "x".repeat(9_000) };
    await database.db.transaction((tx) =>
      recordAudit(tx, { kind: "agent.revoked", orgId: "org_a", actor: null, subject: null, ip: null, data: long }),
    );
    await record(2);
    await exporting.turn();
    await eventually(
      () => messages.length,
      (count) => count === 3,
    );
    expect(JSON.parse(bodyOf(messages[0] ?? ""))).toMatchObject({ seq: 1, kind: "agent.revoked", cut: true });
    expect(seqsOf(messages.map(bodyOf))).toEqual([1, 2, 3]);
    socket.close();
  });
});

test("a hub writes what happens to its file, and all of it by the time it has closed", async () => {
  const file = path.join(folder, "of-a-hub.jsonl");
  await using hub = await TestHub.start({ auditFile: file });
  await (await hub.asAdmin()).mutate("fleet.createZone", { name: "exported" });
  await hub.stop();
  const [last] = await hub.sql`select max(seq) as seq from audit_events`;
  expect(seqsOf(readFileSync(file, "utf8").split("\n").slice(0, -1))).toEqual(upTo(Number(last?.["seq"])));
});

test.each([
  "udp://",
  "tcp://host",
  "http://host:1",
  "unix:relative",
  "tcp://user@host:1",
  "tcp://host:1/path",
  "tls://",
  "tls://host:0",
  "tls://host/x",
])("the address %s is refused with what would be right", (address) => {
  expect(() => readConfig(["--audit-syslog", address], {})).toThrow(/must be udp:\/\/host:port, tcp:/);
});

test("an authority is for a receiver over TLS, which may go without a port", () => {
  const ca = ["--audit-syslog-ca", "/etc/ssl/log-ca.pem"];
  expect(readConfig(["--audit-syslog", "tls://log.example", ...ca], {})).toMatchObject({ auditSyslog: "tls://log.example" });
  expect(() => readConfig(["--audit-syslog", "tcp://log.example:514", ...ca], {})).toThrow("is for a tls:// receiver");
  expect(() => readConfig(ca, {})).toThrow("is for a tls:// receiver");
});

async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  const address = server.address();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
