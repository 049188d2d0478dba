// Files to a neighbour: a real sshd, the shells of several systems, and connections that are cut.
import { randomBytes } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { newId } from "@sallyport/protocol/ids";
import { scriptFilePrefix } from "@sallyport/protocol/script-files";
import { wire } from "@sallyport/protocol/wire";
import { describe, expect, test } from "vitest";
import { linkedAgent } from "../testing/agents.ts";
import { FileServer } from "../testing/file-server.ts";
import { TestHub } from "../testing/hub.ts";
import { scratch } from "../testing/scratch.ts";
import { noSmallDisk, smallDisk } from "../testing/small-disk.ts";
import { answerAsks, newUserKey, noSshd, startSshd, targetAt } from "../testing/sshd.ts";

const MiB = 1024 * 1024;
const username = os.userInfo().username;
const filesOnly = { interpreter: "", script: new Uint8Array() };

/** A neighbour that lets the agent in, a hub that equips and keeps files, and the agent between them. */
async function between(config: string[] = []) {
  const key = newUserKey();
  const sshd = await startSshd({ authorized: [key], config });
  const hub = await TestHub.start();
  answerAsks(hub, { signsWith: key, equips: { ssh: targetAt(sshd.port, { publicKey: key.wire, hostKeys: sshd.hostKeys }) } });
  const server = new FileServer(hub);
  const agent = await linkedAgent(hub);
  return {
    hub,
    sshd,
    server,
    neighbour: { host: "127.0.0.1", port: sshd.port, username },
    [Symbol.asyncDispose]: async () => {
      await agent[Symbol.asyncDispose]();
      await hub[Symbol.asyncDispose]();
      await sshd[Symbol.asyncDispose]();
    },
  };
}

/** Programs of this folder come first on the neighbour, and its sh is what /bin/sh would be. */
function shellOf(program: string): string[] {
  const bin = scratch();
  fs.symlinkSync(program, path.join(bin, "sh"));
  return [`ForceCommand PATH=${bin}:$PATH; eval "$(printf %s "$SSH_ORIGINAL_COMMAND" | sed s,/bin/sh,${bin}/sh,)"`];
}

describe.skipIf(noSshd)("files on a neighbour", () => {
  test.each(["/bin/dash", "/bin/bash", "/bin/busybox"])(
    "whose sh is %s stand there before the script begins, whole and with their mode; the same once more changes nothing",
    async (program) => {
      await using there = await between(shellOf(program));
      const { hub, server, neighbour } = there;
      const folder = scratch();
      const target = path.join(folder, "a $(touch x) '\"\\n file");
      const bytes = randomBytes(2 * MiB + 5);
      const files = [
        server.keep(bytes, { path: target, mode: 0o640 }),
        server.keep(Buffer.alloc(0), { path: `${folder}/empty` }),
      ];
      const first = await hub.run(`wc -c < "$TARGET"`, { neighbour, files, environment: { TARGET: target } });
      const result = await hub.resultOf(first);
      expect(result).toMatchObject({ end: wire.RunEnd.RUN_EXITED, exitCode: 0 });
      expect(result.files).toMatchObject([
        { state: wire.PlacedState.PLACED_NEW, unchecked: false },
        { state: wire.PlacedState.PLACED_NEW, unchecked: false },
      ]);
      // Secrets of the script are asked for only when it is to begin.
      const asked = hub.heard.flatMap((message) => (message.body === "runNeeds" ? [message.value.wayInOnly] : []));
      expect(asked).toEqual([true, false]);
      expect(first.stream.text(0).trim()).toBe(String(bytes.length));
      expect(fs.readFileSync(target).equals(bytes)).toBe(true);
      expect(fs.statSync(target).mode & 0o7777).toBe(0o640);
      expect(fs.readdirSync(folder).toSorted()).toEqual([path.basename(target), "empty"].toSorted());
      const { ino } = fs.statSync(target);
      const kept = server.keep(Buffer.from("other"), { path: target, keep: true });
      const again = await hub.resultOf(await hub.run("", { ...filesOnly, neighbour, files: [...files.slice(0, 1), kept] }));
      expect(again).toMatchObject({ exited: true, exitCode: 0 });
      expect(again.files).toMatchObject([{ state: wire.PlacedState.PLACED_UNCHANGED }, { state: wire.PlacedState.PLACED_KEPT }]);
      expect(fs.statSync(target).ino).toBe(ino);
    },
  );

  test("a file that a script alone gets is its own, and gone when the execution is settled, also where it never began", async () => {
    await using there = await between();
    const { hub, server, neighbour } = there;
    for (const beside of [[], [server.keep(Buffer.from("x"), { path: "/no-such-folder/x" })]]) {
      const executionId = newId("exe");
      const where = `${scriptFilePrefix({ executionId, attempt: 1 })}DUMP`;
      const files = [server.keep(Buffer.from("secret"), { path: where, mode: 0o600 }), ...beside];
      const run = await hub.run(`stat -c %a "$DUMP"; cat "$DUMP"`, {
        executionId,
        neighbour,
        files,
        environment: { DUMP: where },
      });
      const result = await hub.resultOf(run);
      expect(run.stream.text(0)).toBe(beside.length === 0 ? "600\nsecret" : "");
      expect(result.end).toBe(beside.length === 0 ? wire.RunEnd.RUN_EXITED : wire.RunEnd.RUN_NOT_PLACED);
      await expect.poll(() => fs.existsSync(where)).toBe(false);
    }
  });

  test("why one cannot stand there is said, nothing is begun, and what a link points to stays as it is", async () => {
    await using there = await between();
    const { hub, server, neighbour } = there;
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
      [{ path: "/proc/x" }, /may not write|No room/],
    ];
    for (const [file, why] of cases) {
      const files = [server.keep(Buffer.from("content"), file)];
      const result = await hub.resultOf(await hub.run(`touch ${folder}/ran`, { neighbour, files }));
      expect(result, String(file.path)).toMatchObject({ end: wire.RunEnd.RUN_NOT_PLACED, exited: false });
      expect(result.message).toMatch(why);
    }
    expect(fs.readFileSync(`${folder}/victim`, "utf8")).toBe("victim");
    expect(fs.readdirSync(folder).toSorted()).toEqual(["folder", "link", "victim"]);
  });

  test.skipIf(noSmallDisk)("without room there it is told, and nothing of it stays (needs root and mount)", async () => {
    await using there = await between();
    const { hub, server, neighbour } = there;
    using place = smallDisk(4);
    const files = [server.keep(randomBytes(6 * MiB), { path: `${place.folder}/target` })];
    const result = await hub.resultOf(await hub.run("", { ...filesOnly, neighbour, files }));
    expect(result).toMatchObject({ end: wire.RunEnd.RUN_NOT_PLACED });
    expect(result.message).toMatch(/^No room in .*: 6291456 bytes are needed, \d+ are free\.$/);
    expect(fs.readdirSync(place.folder)).toEqual([]);
  });

  test("a connection that is cut is made again, and what had come is not sent again", async () => {
    await using there = await between();
    const { hub, server, sshd, neighbour } = there;
    const folder = scratch();
    const bytes = randomBytes(48 * MiB);
    const run = await hub.run("", { ...filesOnly, neighbour, files: [server.keep(bytes, { path: `${folder}/large` })] });
    const draft = path.join(folder, `.sallyport-${run.executionId}.1.0`);
    const come = () => fs.statSync(draft, { throwIfNoEntry: false })?.size ?? 0;
    await expect.poll(come, { timeout: 30_000, interval: 5 }).toBeGreaterThan(8 * MiB);
    const { ino } = fs.statSync(draft);
    sshd.cut();
    expect(await hub.resultOf(run)).toMatchObject({ exited: true, exitCode: 0 });
    expect(fs.readFileSync(`${folder}/large`).equals(bytes)).toBe(true);
    expect(fs.statSync(`${folder}/large`).ino).toBe(ino); // the file that was begun, gone on with
    expect(fs.readdirSync(folder)).toEqual(["large"]);
  });

  test("several neighbours behind one agent cost one transfer, and one that a person stops keeps nothing", async () => {
    await using there = await between();
    const { hub, server, neighbour } = there;
    const folder = scratch();
    const file = server.keep(randomBytes(MiB), {});
    const before = server.sentBytes;
    const runs = await Promise.all(
      Array.from({ length: 8 }, (_, n) => hub.run("", { ...filesOnly, neighbour, files: [{ ...file, path: `${folder}/${n}` }] })),
    );
    for (const run of runs) expect(await hub.resultOf(run)).toMatchObject({ exitCode: 0 });
    expect(server.sentBytes - before).toBe(MiB);
    expect(fs.readdirSync(folder)).toHaveLength(8);

    const large = server.keep(randomBytes(48 * MiB), { path: `${folder}/stopped` });
    const run = await hub.run("", { ...filesOnly, neighbour, files: [large] });
    await expect
      .poll(() => fs.readdirSync(folder).some((name) => name.includes(run.executionId)), { timeout: 30_000, interval: 5 })
      .toBe(true);
    hub.say({ order: hub.sign({ cancelRun: { executionId: run.executionId, attempt: 1, graceSeconds: 1 } }).signed });
    expect(await hub.resultOf(run)).toMatchObject({ end: wire.RunEnd.RUN_STOPPED });
    expect(fs.readdirSync(folder)).toHaveLength(8);
  });
});
