// What a script leaves behind, collected by the real agent and its runner, and read by the system's own tar.
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { wire } from "@sallyport/protocol/wire";
import { expect, test } from "vitest";
import { linkedAgent } from "../testing/agents.ts";
import { TestHub } from "../testing/hub.ts";
import { scratch } from "../testing/scratch.ts";
import { collectArtefacts } from "./collect-artefacts.ts";

const { ARTEFACT_COLLECTED, ARTEFACT_NO_FILE, ARTEFACT_NOT_THERE } = wire.ArtefactState;

/** Unpacked by the host's own tar. */
function unpacked(archive: Uint8Array): string {
  const folder = scratch();
  execFileSync("tar", ["-x", "-f", "-", "-C", folder], { input: archive });
  return folder;
}

test("what a failed script left is collected to the byte: long names, names that are no text, and no links, pipes or folders", async () => {
  await using hub = await TestHub.start();
  await using _agent = await linkedAgent(hub);
  const folder = scratch();
  const long = "x".repeat(180);
  const odd = Buffer.concat([Buffer.from(`${folder}/odd-`), Buffer.from([0xff, 0xfe]), Buffer.from(".log")]);
  fs.writeFileSync(odd, "odd");
  fs.symlinkSync("/etc/hostname", `${folder}/link.log`);
  fs.mkdirSync(`${folder}/folder.log`);
  execFileSync("mkfifo", [`${folder}/pipe.log`]);
  const run = await hub.run(
    `cd ${folder}; head -c 700001 /dev/urandom > ${long}.log; : > empty.log; echo no > .hidden.log; echo no > other.txt; exit 3`,
    { artefacts: [`${folder}/*.log`, `${folder}/empty.log`, `${folder}/absent`, `${folder}/none-*`] },
  );
  const result = await hub.resultOf(run);
  expect(result).toMatchObject({ exitCode: 3, artefactBytes: run.stream.bytes(2).length, artefactsUnlisted: 0 });
  expect(result.artefacts?.map(({ path: file, size, state: became }) => [path.basename(file ?? ""), size, became])).toEqual([
    ["folder.log", 0, ARTEFACT_NO_FILE],
    ["link.log", 0, ARTEFACT_NO_FILE],
    ["pipe.log", 0, ARTEFACT_NO_FILE],
    ["absent", 0, ARTEFACT_NOT_THERE],
    ["none-*", 0, ARTEFACT_NOT_THERE],
    ["empty.log", 0, ARTEFACT_COLLECTED],
    ["odd-\ufffd\ufffd.log", 3, ARTEFACT_COLLECTED],
    [`${long}.log`, 700_001, ARTEFACT_COLLECTED],
  ]);
  const there = path.join(unpacked(run.stream.bytes(2)), folder);
  expect(fs.readdirSync(there).length).toBe(3);
  expect(fs.readFileSync(`${there}/${long}.log`).equals(fs.readFileSync(`${folder}/${long}.log`))).toBe(true);
  expect(fs.readFileSync(Buffer.concat([Buffer.from(there), odd.subarray(folder.length)]), "utf8")).toBe("odd");
});

test("an archive goes on at the very byte after the link was lost and the agent was another", async () => {
  await using hub = await TestHub.start();
  const first = await linkedAgent(hub);
  const file = path.join(scratch(), "dump");
  fs.writeFileSync(file, randomBytes(5_000_000));
  const run = await hub.run("true", { artefacts: [file] });
  run.stream.taking = false; // it holds what the window takes, and no more
  await run.stream.until(() => run.stream.count(2) > 0);
  await first[Symbol.asyncDispose]();
  run.stream.take();
  await using _second = await linkedAgent(hub, first);
  await hub.resultOf(run);
  expect(fs.readFileSync(path.join(unpacked(run.stream.bytes(2)), file)).equals(fs.readFileSync(file))).toBe(true);
});

test("what would make the archive too large or too many is left out, and what fits after it is not", async () => {
  const folder = scratch();
  for (const [name, size] of [
    ["a", 4_000],
    ["b", 9_000],
    ["c", 1_000],
    ["d", 10],
  ] as const)
    fs.writeFileSync(path.join(folder, name), Buffer.alloc(size, name));
  const archive = path.join(folder, "archive.tar");
  const collected = await collectArtefacts(
    ["a", "b", "c", "d"].map((name) => path.join(folder, name)),
    archive,
    {
      bytesMax: 8_192,
      filesMax: 3,
      isStopped: () => false,
    },
  );
  expect(collected.listed.map(({ path: file, size, state: became }) => [path.basename(file), size, became])).toEqual([
    ["b", 9_000, "beyond-cap"],
    ["d", 10, "beyond-cap"],
    ["a", 4_000, "collected"],
    ["c", 1_000, "collected"],
  ]);
  expect(fs.statSync(archive).size).toBe(collected.bytes);
  expect(fs.readdirSync(path.join(unpacked(fs.readFileSync(archive)), folder))).toEqual(["a", "c"]);
  let looks = 0;
  const stopped = await collectArtefacts([path.join(folder, "a"), path.join(folder, "c")], archive, {
    isStopped: () => ++looks > 2,
  });
  expect(stopped.listed.map(({ state: became }) => became)).toEqual(["stopped", "collected"]);
});

test("an order of another kind collects nothing", async () => {
  await using hub = await TestHub.start();
  await using _agent = await linkedAgent(hub);
  const collecting = hub.offer("true", { artefacts: ["/tmp/a"] });
  const plain = hub.sign({
    runScript: { executionId: collecting.executionId, attempt: 2, interpreter: "sh", artefacts: ["/tmp/a"] },
  });
  const refusals = [
    { ...hub.offer("true", { artefacts: ["/tmp/../etc/shadow"] }), why: "absolute" },
    { ...hub.offer("true", { artefacts: ["/tmp/*/a"] }), why: "absolute" },
  ];
  hub.say({ runOffers: { offers: [...refusals.map(({ signed }) => signed), plain.signed] } });
  for (const { why, ...key } of refusals) {
    const result = await hub.resultOf(key);
    expect(result).toMatchObject({ end: wire.RunEnd.RUN_REFUSED, artefactBytes: 0 });
    expect(result.message).toContain(why);
  }
  expect(await hub.resultOf({ executionId: collecting.executionId, attempt: 2 })).toMatchObject({ end: wire.RunEnd.RUN_REFUSED });
});
