// The launcher's parts that need no hub: options, machine checks, what counts as changed, progress lines, the admin socket's refusals.

import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { askHub } from "./admin-socket.mjs";
import { readSourceState } from "./build.mjs";
import { endLeftOverAgent } from "./left-over-agent.mjs";
import { checkMachine } from "./machine.mjs";
import { dataDirOf, readLauncherOptions } from "./options.mjs";
import { runQuietly } from "./run-quietly.mjs";
import { createSteps } from "./steps.mjs";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "launch-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("the data folder is the flag's, then the variable's, then ./data, always absolute", () => {
  expect(dataDirOf(["--data", "x"], { SALLYPORT_DATA: "/y" }, "/cwd")).toBe("/cwd/x");
  expect(dataDirOf(["--data=/x"], {}, "/cwd")).toBe("/x");
  expect(dataDirOf([], { SALLYPORT_DATA: "/y" }, "/cwd")).toBe("/y");
  expect(dataDirOf([], {}, "/cwd")).toBe("/cwd/data");
});

test("--no-agent stays with the launcher, every other option reaches the hub", () => {
  expect(readLauncherOptions(["--port", "1", "--no-agent"], {})).toEqual({
    hubArgs: ["--port", "1"],
    localAgent: false,
    build: true,
    help: false,
  });
  expect(readLauncherOptions([], { SALLYPORT_LOCAL_AGENT: "0" }).localAgent).toBe(false);
});

test.each([
  [{ platform: "darwin", arch: "arm64", glibc: null }, /runs on Linux and this is darwin/],
  [{ platform: "linux", arch: "riscv64", glibc: "2.39" }, /no prebuilt programs for riscv64/],
  [{ platform: "linux", arch: "x64", glibc: null }, /not glibc/],
  [{ platform: "linux", arch: "x64", glibc: "2.27" }, /glibc 2\.27 and 2\.28 is needed/],
])("a machine that cannot run the prebuilt programs is refused in a sentence: %j", (machine, message) => {
  expect(() => checkMachine(machine)).toThrow(message);
});
test("glibc 2.28 on x64 and arm64 is enough", () => {
  checkMachine({ platform: "linux", arch: "arm64", glibc: "2.28" });
  checkMachine({ platform: "linux", arch: "x64", glibc: "2.41" });
});

test("a saved, added or deleted source changes the source state; a build's output does not", () => {
  mkdirSync(path.join(folder, "hub/dist"), { recursive: true });
  const source = path.join(folder, "hub/a.ts");
  writeFileSync(source, "");
  utimesSync(source, 1, 1);
  const before = readSourceState(folder, ["hub"]);
  writeFileSync(path.join(folder, "hub/dist/main.js"), "");
  expect(readSourceState(folder, ["hub"])).toEqual(before);
  utimesSync(source, 2, 2);
  expect(readSourceState(folder, ["hub"])).toEqual({ newestMs: 2_000, files: 1 });
  rmSync(source);
  expect(readSourceState(folder, ["hub"])).not.toEqual(before);
});

test("progress away from a terminal is plain lines", () => {
  const written: string[] = [];
  let now = 0;
  const steps = createSteps({ write: (chunk) => written.push(chunk) }, () => now);
  steps.start("a", "Build", true);
  now = 1_500;
  steps.done("a");
  steps.start("b", "Database");
  steps.done("b", 33);
  steps.done("unknown");
  expect(written.join("")).toBe("… Build\n✓ Build  1.5 s\n✓ Database  33 ms\n");
});

test("a program that fails gives its sentence and its last words", async () => {
  const failing = runQuietly("sh", ["-c", "echo first; echo no space left >&2; exit 3"], { cwd: folder, fault: "It failed." });
  await expect(failing).rejects.toMatchObject({ message: "It failed.", details: expect.stringContaining("no space left") });
  await expect(runQuietly("no-such-program", [], { cwd: folder, fault: "It failed." })).rejects.toThrow(
    /It failed\. \(no-such-program does not run/,
  );
});

test("an interrupted program is ended with its children", async () => {
  const stop = new AbortController();
  const running = runQuietly("sh", ["-c", "sleep 60 & wait"], { cwd: folder, fault: "ended", signal: stop.signal });
  stop.abort();
  await expect(running).rejects.toThrow("ended");
});

test("a folder without a running hub is named in the refusal", async () => {
  await expect(askHub(folder, "GET", "/status")).rejects.toThrow(`No hub is running in ${folder}.`);
});

test("the admin socket is found where a deep folder's hub.sock.path says", async () => {
  const socket = path.join(folder, "short.sock");
  const server = http.createServer((request, response) =>
    response.end(JSON.stringify({ method: request.method, url: request.url })),
  );
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  const deep = path.join(folder, "deep");
  mkdirSync(deep);
  writeFileSync(path.join(deep, "hub.sock.path"), `${socket}\n`);
  try {
    expect(await askHub(deep, "POST", "/x", {})).toEqual({ status: 200, body: { method: "POST", url: "/x" } });
  } finally {
    server.close();
  }
});

test("an agent left over from a killed start is ended, a process with a pid used again is not", async () => {
  const child = spawn("sleep", ["60"], { stdio: "ignore" });
  const ended = new Promise((resolve) => child.once("close", (_code, signal) => resolve(signal)));
  const start = readFileSync(`/proc/${child.pid}/stat`, "utf8").split(" ")[21];
  const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  await endLeftOverAgent(folder);
  for (const stranger of [`${child.pid} 1 ${boot}`, `${child.pid} ${start} another-boot`, "nonsense"]) {
    writeFileSync(path.join(folder, "agent.pid"), stranger);
    await endLeftOverAgent(folder);
  }
  expect(child.signalCode).toBeNull();
  writeFileSync(path.join(folder, "agent.pid"), `${child.pid} ${start} ${boot}\n`);
  await endLeftOverAgent(folder);
  expect(await ended).toBe("SIGTERM");
});
