// Files to this host, over a real link from a hub that signs its orders.
import { randomBytes } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { newId } from "@sallyport/protocol/ids";
import { scriptFilePrefix } from "@sallyport/protocol/script-files";
import { wire } from "@sallyport/protocol/wire";
import { expect, test } from "vitest";
import { enrolledState, linkedAgent, spawnAgent } from "../testing/agents.ts";
import { FileServer, sha256Of } from "../testing/file-server.ts";
import { TestHub } from "../testing/hub.ts";
import { scratch } from "../testing/scratch.ts";
import { noSmallDisk, smallDisk } from "../testing/small-disk.ts";

const MiB = 1024 * 1024;
/** Nothing but the files. */
const filesOnly = { interpreter: "", script: new Uint8Array() };

const modeOf = (file: string): number => fs.statSync(file).mode & 0o7777;

test("files stand where they belong before the script begins, with their mode; the same once more changes nothing", async () => {
  await using hub = await TestHub.start();
  const server = new FileServer(hub);
  await using _agent = await linkedAgent(hub);
  const folder = scratch();
  const target = path.join(folder, "a file; $(touch x) '\"");
  const bytes = randomBytes(3 * MiB + 17);
  const files = [server.keep(bytes, { path: target, mode: 0o640 }), server.keep(Buffer.alloc(0), { path: `${folder}/empty` })];
  const first = await hub.run(`sha256sum < "$TARGET"; wc -c < ${folder}/empty`, { files, environment: { TARGET: target } });
  const result = await hub.resultOf(first);
  expect(result).toMatchObject({ end: wire.RunEnd.RUN_EXITED, exitCode: 0 });
  expect(result.files?.map(({ state }) => state)).toEqual([wire.PlacedState.PLACED_NEW, wire.PlacedState.PLACED_NEW]);
  expect(first.stream.text(0)).toBe(`${Buffer.from(files[0]?.sha256 ?? []).toString("hex")}  -\n0\n`);
  expect(fs.readFileSync(target).equals(bytes)).toBe(true);
  expect([modeOf(target), modeOf(`${folder}/empty`)]).toEqual([0o640, 0o644]);
  expect(fs.readdirSync(folder).toSorted()).toEqual([path.basename(target), "empty"].toSorted());

  fs.chmodSync(target, 0o600);
  const { ino } = fs.statSync(target);
  const { sentBytes } = server;
  const again = await hub.run("", { ...filesOnly, files });
  const unchanged = await hub.resultOf(again);
  expect(unchanged).toMatchObject({ end: wire.RunEnd.RUN_EXITED, exited: true, exitCode: 0 });
  expect(unchanged.files?.map(({ state }) => state)).toEqual([
    wire.PlacedState.PLACED_UNCHANGED,
    wire.PlacedState.PLACED_UNCHANGED,
  ]);
  expect([fs.statSync(target).ino, modeOf(target)]).toEqual([ino, 0o640]);
  expect(server.sentBytes).toBe(sentBytes); // the agent has its own copy
});

test("a file that a script alone gets is its own, and gone when the execution is settled, also where it never began", async () => {
  await using hub = await TestHub.start();
  const server = new FileServer(hub);
  await using _agent = await linkedAgent(hub);
  for (const beside of [[], [server.keep(Buffer.from("x"), { path: "/no-such-folder/x" })]]) {
    const executionId = newId("exe");
    const where = `${scriptFilePrefix({ executionId, attempt: 1 })}DUMP`;
    const files = [server.keep(Buffer.from("secret"), { path: where, mode: 0o600 }), ...beside];
    const run = await hub.run(`stat -c %a "$DUMP"; cat "$DUMP"`, { executionId, files, environment: { DUMP: where } });
    const result = await hub.resultOf(run);
    expect(run.stream.text(0)).toBe(beside.length === 0 ? "600\nsecret" : "");
    expect(result.end).toBe(beside.length === 0 ? wire.RunEnd.RUN_EXITED : wire.RunEnd.RUN_NOT_PLACED);
    await expect.poll(() => fs.existsSync(where)).toBe(false);
  }
});

test("what stands there gives way to another content, or stays where the order says so", async () => {
  await using hub = await TestHub.start();
  const server = new FileServer(hub);
  await using _agent = await linkedAgent(hub);
  const folder = scratch();
  fs.writeFileSync(`${folder}/replaced`, "old!");
  fs.writeFileSync(`${folder}/kept`, "old!");
  const bytes = Buffer.from("new!");
  const files = [server.keep(bytes, { path: `${folder}/replaced` }), server.keep(bytes, { path: `${folder}/kept`, keep: true })];
  const result = await hub.resultOf(await hub.run("", { ...filesOnly, files }));
  expect(result.files?.map(({ state }) => state)).toEqual([wire.PlacedState.PLACED_NEW, wire.PlacedState.PLACED_KEPT]);
  expect([fs.readFileSync(`${folder}/replaced`, "utf8"), fs.readFileSync(`${folder}/kept`, "utf8")]).toEqual(["new!", "old!"]);
});

test("why a file cannot be placed is said, the script is not begun, and what a link points to stays as it is", async () => {
  await using hub = await TestHub.start();
  const server = new FileServer(hub);
  await using _agent = await linkedAgent(hub);
  const folder = scratch();
  fs.mkdirSync(`${folder}/folder`);
  fs.writeFileSync(`${folder}/victim`, "victim");
  fs.symlinkSync(`${folder}/victim`, `${folder}/link`);
  const cases: [Partial<wire.FileToPlace.$Properties>, RegExp][] = [
    [{ path: `${folder}/none/x` }, /no folder .*\/none/],
    [{ path: `${folder}/victim/x` }, /victim is not a folder/],
    [{ path: `${folder}/folder` }, /is a folder/],
    [{ path: `${folder}/link` }, /symbolic link/],
    [{ path: `${folder}/x`, owner: "nobody-here" }, /no account nobody-here/],
    [{ path: `${folder}/x`, group: "nobody-here" }, /no group nobody-here/],
    [{ path: "/proc/x" }, /\/proc/],
    [{ path: `${folder}/${"x".repeat(300)}` }, /too long/],
  ];
  for (const [file, why] of cases) {
    const files = [server.keep(Buffer.from("content"), file)];
    const result = await hub.resultOf(await hub.run(`touch ${folder}/ran`, { files }));
    expect(result, String(file.path)).toMatchObject({ end: wire.RunEnd.RUN_NOT_PLACED, exited: false });
    expect(result.message).toMatch(why);
  }
  expect(fs.readFileSync(`${folder}/victim`, "utf8")).toBe("victim");
  expect(fs.readdirSync(folder).toSorted()).toEqual(["folder", "link", "victim"]);
});

test("paths, modes, sizes and kinds of order that cannot be are refused", async () => {
  await using hub = await TestHub.start();
  const server = new FileServer(hub);
  await using _agent = await linkedAgent(hub);
  const bad: Partial<wire.FileToPlace.$Properties>[] = [
    { path: "relative" },
    { path: "/a/../b" },
    { path: "/a/./b" },
    { path: "/a/" },
    { path: "/a\nb" },
    { path: "/a\0b" },
    { path: "/a", mode: 0o4755 },
    { path: "/a", size: 3 * 1024 * MiB },
    { path: "/a", owner: "-x" },
    { path: "/a", group: "a:b" },
    { path: "/a", sha256: Buffer.alloc(31) },
  ];
  for (const file of bad) {
    const { executionId, attempt, signed } = hub.offer("true", { files: [{ ...server.keep(Buffer.from("x"), {}), ...file }] });
    hub.say({ runOffers: { offers: [signed] } });
    expect(await hub.resultOf({ executionId, attempt }), JSON.stringify(file)).toMatchObject({ end: wire.RunEnd.RUN_REFUSED });
  }
  // An agent that knew no files would run this without them, so nobody may send it.
  const key = { executionId: newId("exe"), attempt: 1 };
  const script = {
    interpreter: "sh",
    script: Buffer.from("true"),
    scriptSha256: sha256Of(Buffer.from("true")),
    timeoutSeconds: 60,
  };
  const files = [server.keep(Buffer.from("x"), { path: "/a" })];
  hub.say({ runOffers: { offers: [hub.sign({ runScript: { ...key, ...script, files } }).signed] } });
  expect(await hub.resultOf(key)).toMatchObject({ end: wire.RunEnd.RUN_REFUSED });
});

test("bytes that are not the file that was signed are thrown away, and nothing is placed", async () => {
  await using hub = await TestHub.start();
  const server = new FileServer(hub);
  await using agent = await linkedAgent(hub);
  const target = path.join(scratch(), "target");
  const bytes = randomBytes(200_000);
  server.forged = Buffer.from(bytes);
  server.forged[100_000] = (bytes[100_000] ?? 0) ^ 1;
  const files = [server.keep(bytes, { path: target })];
  const result = await hub.resultOf(await hub.run("", { ...filesOnly, files }));
  expect(result).toMatchObject({ end: wire.RunEnd.RUN_NOT_PLACED });
  expect(result.message).toContain("SHA-256 differs");
  expect(fs.existsSync(target)).toBe(false);
  expect(fs.readdirSync(path.join(agent.stateDir, "files"))).toEqual([]);
  // Asked for again, it is the right one.
  server.forged = null;
  expect(await hub.resultOf(await hub.run("", { ...filesOnly, files }))).toMatchObject({ exitCode: 0 });
  expect(server.asked).toEqual([0, 0]);
  expect(fs.readFileSync(target).equals(bytes)).toBe(true);
});

test("64 MiB whose link was cut and whose agent was killed arrive whole, and what had come is not sent again", async () => {
  await using hub = await TestHub.start();
  const server = new FileServer(hub);
  const { stateDir } = enrolledState(hub);
  const target = path.join(scratch(), "large");
  const bytes = randomBytes(64 * MiB);
  const files = [server.keep(bytes, { path: target })];
  let from = hub.heard.length;
  const agent = spawnAgent(stateDir);
  await hub.hear("heartbeat", () => true, from);
  const run = await hub.run("", { ...filesOnly, files });
  await server.sent(24 * MiB);
  from = hub.heard.length;
  hub.cut();
  await hub.hear("heartbeat", () => true, from);
  await server.sent(server.sentBytes + 16 * MiB);
  await agent[Symbol.asyncDispose]();
  await using _next = spawnAgent(stateDir);
  expect(await hub.resultOf(run)).toMatchObject({ exited: true, exitCode: 0 });
  expect(fs.readFileSync(target).equals(bytes)).toBe(true);
  const [first, second = 0, third = 0] = server.asked;
  expect([first, server.asked.length]).toEqual([0, 3]);
  expect(second).toBeGreaterThan(8 * MiB);
  expect(third).toBeGreaterThan(second);
  // Twice at most a window was under way, and what the kernels held; and up to the last fsync before the kill.
  expect(server.sentBytes).toBeLessThan(64 * MiB + 32 * MiB);
  expect(fs.readdirSync(path.join(stateDir, "files"))).toEqual([Buffer.from(files[0]?.sha256 ?? []).toString("hex")]);
});

test("a person who stops it while a file is on its way finds nothing placed", async () => {
  await using hub = await TestHub.start();
  const server = new FileServer(hub);
  await using _agent = await linkedAgent(hub);
  const target = path.join(scratch(), "target");
  const run = await hub.run("", { ...filesOnly, files: [server.keep(randomBytes(64 * MiB), { path: target })] });
  await server.sent(2 * MiB);
  const { executionId, attempt } = run;
  hub.say({ order: hub.sign({ cancelRun: { executionId, attempt, graceSeconds: 1 } }).signed });
  expect(await hub.resultOf(run)).toMatchObject({ end: wire.RunEnd.RUN_STOPPED });
  expect(fs.existsSync(target)).toBe(false);
  expect(fs.readdirSync(path.dirname(target))).toEqual([]);
});

test.skipIf(noSmallDisk)(
  "a disk without room is told before or while it is written, and nothing of the file stays (needs root and mount)",
  async () => {
    await using hub = await TestHub.start();
    const server = new FileServer(hub);
    const state = enrolledState(hub);
    using place = smallDisk(4);
    const bytes = randomBytes(6 * MiB);
    const files = [server.keep(bytes, { path: `${place.folder}/target` })];
    {
      await using _agent = await linkedAgent(hub, state);
      const result = await hub.resultOf(await hub.run("", { ...filesOnly, files }));
      expect(result).toMatchObject({ end: wire.RunEnd.RUN_NOT_PLACED });
      expect(result.message).toMatch(/^No room in .*: 6291456 bytes are needed, \d+ are free\.$/);
      expect(fs.readdirSync(place.folder)).toEqual([]);
    }
    // The agent's own disk: it needs room for its copy first.
    fs.rmSync(path.join(state.stateDir, "files"), { recursive: true });
    using _own = smallDisk(4, path.join(state.stateDir, "files"));
    await using _again = await linkedAgent(hub, state);
    const result = await hub.resultOf(await hub.run("", { ...filesOnly, files }));
    expect(result).toMatchObject({ end: wire.RunEnd.RUN_NOT_PLACED });
    expect(result.message).toContain("This agent's disk has no room for the 6291456 bytes");
  },
);
