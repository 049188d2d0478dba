// The installer as a person runs it: one line, a real download, a real agent. Each way it can fail ends in one sentence.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createHash, createPublicKey, X509Certificate } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { isAlive, pidOf, readMark } from "./state/process-mark.ts";
import { readStatus } from "./status.ts";
import { TestHub } from "./testing/hub.ts";
import { scratch } from "./testing/scratch.ts";

const script = fs.readFileSync(path.join(import.meta.dirname, "../../scripts/install.sh"), "utf8");
const runtimeName = `runtime-linux-${process.arch}.tar.gz`;
let runtime: Buffer;
let agent: Buffer;
let hub: TestHub;

beforeAll(async () => {
  const stage = fs.mkdtempSync(path.join(os.tmpdir(), "sallyport-runtime-"));
  fs.mkdirSync(path.join(stage, "runtime"));
  fs.copyFileSync(process.execPath, path.join(stage, "runtime/node"));
  fs.copyFileSync(path.join(inject("programs"), "pty.node"), path.join(stage, "runtime/pty.node"));
  const pack = (folder: string, names: string[]): Buffer =>
    execFileSync("tar", ["-C", folder, "-I", "gzip -1", "-cf", "-", ...names], { maxBuffer: 2 ** 28 });
  runtime = pack(stage, ["runtime"]);
  agent = pack(inject("programs"), ["agent.cjs", "ssh2.cjs", "runner.cjs", "VERSION", "node-flags.txt"]);
  fs.rmSync(stage, { recursive: true });
  hub = await TestHub.start();
  hub.pages.set("/agent/install-progress", () => ({ status: 200, body: {} }));
  serve(runtime, agent);
}, 60_000);

afterAll(() => hub[Symbol.asyncDispose]());

/** Puts the files up, with a script that names the sums of those it expects. */
function serve(runtimeBytes: Buffer, agentBytes: Buffer, named = { [runtimeName]: runtime, "agent.tar.gz": agent }): void {
  hub.pages.set(`/agent/${runtimeName}`, () => runtimeBytes);
  hub.pages.set("/agent/agent.tar.gz", () => agentBytes);
  const values: Record<string, string> = {
    HUB_URL: hub.url,
    HUB_PIN: pinOf(hub.certPem),
    HUB_ID: hub.hubId,
    HUB_KEY: createPublicKey(hub.orderKey).export({ type: "spki", format: "der" }).subarray(-32).toString("base64"),
    HUB_CA: Buffer.from(hub.caPem).toString("base64"),
    AGENT_PORT: String(hub.agentPort),
    MANIFEST: Object.entries(named)
      .map(([name, bytes]) => `${sum(bytes)} ${bytes.length} ${name}`)
      .join("\n"),
  };
  hub.pages.set("/install.sh", () => Buffer.from(script.replace(/@([A-Z_]+)@/g, (_, name: string) => values[name] ?? "")));
}

const sum = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");
const pinOf = (pem: string): string =>
  `sha256//${createHash("sha256")
    .update(new X509Certificate(pem).publicKey.export({ type: "spki", format: "der" }))
    .digest("base64")}`;
const newPrefix = (): string => path.join(scratch(), "agent");

/** The line from the console. Resolves with everything it said. */
async function install(
  args: string[],
  { token = "", pin = pinOf(hub.certPem), shell = "sh" } = {},
): Promise<{ code: number; said: string }> {
  const fetch = `curl -fsSk --pinnedpubkey '${pin}' '${hub.url}/install.sh' || echo 'exit 9'`;
  return said(spawn("sh", ["-c", `(${fetch}) | SALLYPORT_TOKEN='${token}' ${shell} -s -- --no-service ${args.join(" ")}`]));
}

function said(child: ChildProcess): Promise<{ code: number; said: string }> {
  return new Promise((resolve) => {
    let text = "";
    child.stdout?.on("data", (chunk: Buffer) => (text += chunk.toString()));
    child.stderr?.on("data", (chunk: Buffer) => (text += chunk.toString()));
    child.once("close", (code) => resolve({ code: code ?? -1, said: text }));
  });
}

const stateOf = (prefix: string): string => path.join(prefix, "state");

test("one line installs an agent that comes online, is installed anew with a new token, and goes without a trace", {
  timeout: 90_000,
}, async () => {
  const prefix = newPrefix();
  const token = hub.newToken();
  const first = await install(["--prefix", prefix], { token });
  expect(first.said).toMatch(/online in \d+\.\d s over mqtts/);
  expect(first.code).toBe(0);
  const mark = readMark(path.join(stateOf(prefix), "agent.pid")) ?? "";
  expect(fs.statSync(stateOf(prefix)).mode & 0o777).toBe(0o700);
  expect(fs.readFileSync(`/proc/${pidOf(mark)}/environ`, "latin1")).not.toContain(token);
  expect(fs.readFileSync(`/proc/${pidOf(mark)}/cmdline`, "latin1")).not.toContain(token);

  const refused = await install(["--prefix", prefix], { token });
  expect(refused.code).not.toBe(0);
  expect(refused.said).toContain("token-used");
  expect(readStatus(stateOf(prefix))).toMatchObject({ online: true, process: mark });

  const before = readStatus(stateOf(prefix))?.agentId;
  const again = await install(["--prefix", prefix], { token: hub.newToken(), shell: fs.existsSync("/bin/dash") ? "dash" : "sh" });
  expect(again.said).toContain("is here already");
  expect(again.code).toBe(0);
  expect(isAlive(mark)).toBe(false);
  expect(readStatus(stateOf(prefix))?.agentId).not.toBe(before);

  const running = readMark(path.join(stateOf(prefix), "agent.pid")) ?? "";
  const gone = await install(["uninstall", "--prefix", prefix]);
  expect(gone.code).toBe(0);
  expect(isAlive(running)).toBe(false);
  expect(fs.existsSync(prefix)).toBe(false);
});

test("a hub with another key is refused before anything is fetched from it", async () => {
  const prefix = newPrefix();
  const other = `sha256//${Buffer.alloc(32, 1).toString("base64")}`;
  const refused = await install(["--prefix", prefix], { token: hub.newToken(), pin: other });
  expect(refused.code).toBe(9); // curl did not even give the script
  expect(fs.existsSync(prefix)).toBe(false);
});

test("a file that is not the one the hub named is not unpacked", async () => {
  const prefix = newPrefix();
  serve(runtime, Buffer.concat([agent, Buffer.from("x")]));
  const refused = await install(["--prefix", prefix], { token: hub.newToken() });
  serve(runtime, agent);
  expect(refused.code).not.toBe(0);
  expect(refused.said).toContain("agent.tar.gz arrived damaged");
  expect(fs.existsSync(prefix)).toBe(false);
});

test("a runtime the hub packs only when asked is checked against the manifest it has then", { timeout: 60_000 }, async () => {
  const prefix = newPrefix();
  serve(runtime, agent, { "agent.tar.gz": agent });
  hub.pages.set("/agent/manifest.json", () =>
    Buffer.from(
      JSON.stringify({ version: "1", files: { [runtimeName]: { sha256: sum(runtime), bytes: runtime.length } } }, null, 2),
    ),
  );
  const { code, said: text } = await install(["--prefix", prefix, "--no-start"], { token: hub.newToken() });
  serve(runtime, agent);
  expect(text).toContain("installed in");
  expect(code).toBe(0);
  expect(fs.existsSync(path.join(prefix, "runtime/node"))).toBe(true);
});

test("a script of which only a part arrived does nothing, wherever it was cut", async () => {
  const folder = scratch();
  const full = hub.pages.get("/install.sh")?.(Buffer.alloc(0));
  const text = Buffer.isBuffer(full) ? full.toString() : "";
  for (let part = 1; part < 20; part++) {
    const child = spawn("sh", ["-s", "--", "--prefix", path.join(folder, "agent")], {
      env: { PATH: "/usr/bin:/bin", SALLYPORT_TOKEN: "spt_x" },
    });
    child.stdin.on("error", () => {}).end(text.slice(0, Math.floor((text.length * part) / 20)));
    await said(child);
  }
  expect(fs.readdirSync(folder)).toEqual([]);
});

test.each([
  ["no token", [], "", "SALLYPORT_TOKEN is not set"],
  ["an unknown argument", ["--force"], "spt_x", "unknown argument --force"],
  ["a folder with characters of a shell", ["--prefix", "'/tmp/a b;c'"], "spt_x", "Choose another with --prefix"],
  ["nothing to uninstall", ["uninstall", "--prefix", "/nonexistent/agent"], "", "there is no agent"],
] as const)("%s ends in one sentence", async (_what, args, token, sentence) => {
  const refused = await install([...args], { token });
  expect(refused.code).not.toBe(0);
  expect(refused.said).toContain(sentence);
  expect(refused.said.trim().split("\n")).toHaveLength(1);
});

test("a hub that is gone is said to be gone", async () => {
  const text = hub.pages.get("/install.sh")?.(Buffer.alloc(0));
  const child = spawn("sh", ["-s", "--", "--prefix", newPrefix()], { env: { PATH: "/usr/bin:/bin", SALLYPORT_TOKEN: "spt_x" } });
  child.stdin.end(String(text).replaceAll(hub.url, "https://127.0.0.1:1"));
  const { code, said: sentence } = await said(child);
  expect(code).not.toBe(0);
  expect(sentence).toContain("the hub is down, or a firewall stands between");
});
