// A neighbour for tests: Debian's sshd on a loopback port, with keys and a folder of its own, and the hub's answers to what agents ask about it.
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { createPrivateKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import type { wire } from "@sallyport/protocol/wire";
import { readIfThere } from "../state/files.ts";
import type { TestHub } from "./hub.ts";
import { scratch } from "./scratch.ts";

const program = ["/usr/sbin/sshd", "/usr/bin/sshd"].find((file) => fs.existsSync(file));

/** A test that needs a neighbour says so when it is skipped. */
export const noSshd = program === undefined ? "sshd is missing: install openssh-server" : null;

/** A key as the hub holds it: the private half, and the public one in SSH wire format. */
export type UserKey = { privateKey: KeyObject; wire: Buffer; authorizedKey: string };

export type KeyKind = "ed25519" | "rsa" | "ecdsa";

export function newUserKey(kind: KeyKind = "ed25519"): UserKey {
  const file = path.join(scratch(), "key");
  execFileSync("ssh-keygen", ["-q", "-t", kind, "-m", "PKCS8", "-N", "", "-f", file]);
  const authorizedKey = fs.readFileSync(`${file}.pub`, "utf8").trim();
  const wireKey = Buffer.from(authorizedKey.split(" ")[1] ?? "", "base64");
  // ssh-keygen writes Ed25519 in its own form only.
  const privateKey = kind === "ed25519" ? ed25519From(file) : createPrivateKey(fs.readFileSync(file));
  return { privateKey, wire: wireKey, authorizedKey };
}

/** The seed stands behind the second copy of the public key in OpenSSH's form. */
function ed25519From(file: string): KeyObject {
  const body = Buffer.from(fs.readFileSync(file, "utf8").replace(/-----[^-]+-----|\s/g, ""), "base64");
  const at = body.lastIndexOf(Buffer.from("0000000b7373682d6564323535313900000020", "hex")) + 19 + 32 + 4;
  const pkcs8 = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), body.subarray(at, at + 32)]);
  return createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" });
}

export type Sshd = AsyncDisposable & {
  port: number;
  /** Host keys in SSH wire format. */
  hostKeys: Buffer[];
  /** Cuts all connections and the server, without a word. */
  kill(): void;
  /** Cuts all connections, as a network does: the server stays, and so does what people run there. */
  cut(): void;
};

export async function startSshd({
  authorized = [],
  config = [],
  hostKeys = ["ed25519"],
}: {
  authorized?: UserKey[];
  config?: string[];
  hostKeys?: KeyKind[];
} = {}): Promise<Sshd> {
  if (program === undefined) throw new Error("sshd is missing: install openssh-server");
  const folder = scratch();
  const at = (name: string): string => path.join(folder, name);
  for (const kind of hostKeys) spawnSync("ssh-keygen", ["-q", "-t", kind, "-N", "", "-f", at(`host-${kind}`)]);
  fs.writeFileSync(at("authorized"), authorized.map(({ authorizedKey }) => `${authorizedKey}\n`).join(""));
  if (process.getuid?.() === 0) fs.mkdirSync("/run/sshd", { recursive: true }); // sshd's own folder for privilege separation
  const port = await freePort();
  const settings = [
    ...config,
    `Port ${port}`,
    "ListenAddress 127.0.0.1",
    ...hostKeys.map((kind) => `HostKey ${at(`host-${kind}`)}`),
    `AuthorizedKeysFile ${at("authorized")}`,
    "StrictModes no",
    "UsePAM no",
    "PermitRootLogin yes",
    `SetEnv HOME=${folder}`, // what this account's own shell would run first takes time and talks
    "PidFile none",
    "PrintMotd no",
    "PrintLastLog no",
    "MaxStartups 100",
    "LogLevel ERROR",
  ];
  fs.writeFileSync(at("config"), `${settings.join("\n")}\n`);
  const server = spawn(program, ["-D", "-e", "-f", at("config")], { stdio: ["ignore", "ignore", "pipe"], detached: true });
  let complaint = "";
  server.stderr.on("data", (text: Buffer) => (complaint = `${complaint}${text.toString()}`.slice(-2_000)));
  for (let tries = 0; !(await accepts(port)); tries++) {
    if (tries > 100 || server.exitCode !== null) throw new Error(`sshd does not listen: ${complaint}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    port,
    hostKeys: hostKeys.map((kind) => Buffer.from(fs.readFileSync(at(`host-${kind}.pub`), "utf8").split(" ")[1] ?? "", "base64")),
    kill: () => killTree(server, "SIGKILL"),
    cut: () => cutConnections(server),
    [Symbol.asyncDispose]: async () => {
      const gone = new Promise((resolve) => server.once("exit", resolve));
      if (server.exitCode !== null || server.signalCode !== null) return;
      killTree(server, "SIGTERM");
      await gone;
    },
  };
}

/** sshd's children make sessions of their own, so they are found by their parent; servers before what they run, so that they tell nothing of its end. */
function killTree(server: ChildProcess, signal: NodeJS.Signals): void {
  for (const pid of [server.pid ?? 0, ...descendants(server.pid ?? 0)]) end(pid, signal);
}

function cutConnections(server: ChildProcess): void {
  const isSshd = (pid: number): boolean => /^sshd/.test(readIfThere(`/proc/${pid}/comm`)?.toString() ?? "");
  for (const pid of descendants(server.pid ?? 0).filter(isSshd)) end(pid, "SIGKILL");
}

function descendants(pid: number): number[] {
  const { stdout } = spawnSync("pgrep", ["-P", String(pid)], { encoding: "utf8" });
  const pids = stdout.trim().split("\n").filter(Boolean).map(Number);
  return [...pids, ...pids.flatMap(descendants)];
}

function end(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // gone meanwhile
  }
}

/** What the test's hub answers about neighbours. `equips`: what executions get; null: nothing, and the hub is silent. */
export type Answers = {
  trusts?: (key: Buffer) => boolean;
  signsWith?: UserKey | null;
  equips?: { ssh?: wire.SshTarget.$Properties; password?: string; secrets?: Record<string, string> } | null;
};

export function answerAsks(hub: TestHub, { trusts = () => true, signsWith = null, equips = null }: Answers): void {
  hub.onHeard = (message) => {
    if (message.body === "runNeeds" && equips !== null) {
      const { executionId = "", attempt = 0 } = message.value;
      const secrets = Object.entries(equips.secrets ?? {}).map(([name, value]) => ({
        name,
        value: hub.sealFor(executionId ?? "", value),
      }));
      const password = equips.password === undefined ? {} : { password: hub.sealFor(executionId ?? "", equips.password) };
      const ssh = equips.ssh === undefined ? null : { ...equips.ssh, ...password };
      const { signed } = hub.sign({ equipRun: { executionId, attempt, ssh, secrets } });
      hub.say({ order: signed });
    }
    if (message.body === "hostKey") {
      const { sequence, key } = message.value;
      hub.say({ hostKeyVerdict: { sequence: sequence ?? 0, trusted: trusts(Buffer.from(key ?? [])) } });
    }
    if (message.body === "signRequest") {
      const { sequence, data, algorithm } = message.value;
      if (signsWith === null) hub.say({ signAnswer: { sequence: sequence ?? 0, refused: "The account was withdrawn." } });
      else
        hub.say({
          signAnswer: { sequence: sequence ?? 0, signature: signatureOf(signsWith, data ?? new Uint8Array(), algorithm ?? "") },
        });
    }
  };
}

/** RFC 4253 §6.6, RFC 5656 §3.1.2, RFC 8332: without the algorithm's name. */
function signatureOf({ privateKey }: UserKey, data: Uint8Array, algorithm: string): Buffer {
  if (algorithm === "ssh-ed25519") return sign(null, data, privateKey);
  if (!algorithm.startsWith("ecdsa"))
    return sign(algorithm === "rsa-sha2-512" ? "sha512" : algorithm === "ssh-rsa" ? "sha1" : "sha256", data, privateKey);
  const both = sign("sha256", data, { key: privateKey, dsaEncoding: "ieee-p1363" });
  const mpint = (bytes: Buffer): Buffer => {
    const start = bytes.findIndex((byte) => byte !== 0);
    const bare = Buffer.concat([Buffer.from((bytes[start] ?? 0) > 127 ? [0] : []), bytes.subarray(start)]);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bare.length);
    return Buffer.concat([length, bare]);
  };
  return Buffer.concat([mpint(both.subarray(0, 32)), mpint(both.subarray(32))]);
}

/** The neighbour at `port` of this host and the account this test runs as. */
export const targetAt = (port: number, more: wire.SshTarget.$Properties = {}): wire.SshTarget.$Properties => ({
  host: "127.0.0.1",
  port,
  allowed: ["127.0.0.1"],
  username: os.userInfo().username,
  ...more,
});

export type TestAccount = Disposable & { username: string; password: string };

/** An account of this host with a password; only root can make one. */
export function newAccount(): TestAccount {
  const username = `sp-test-${process.pid}-${Math.trunc(performance.now())}`;
  const password = `pass word ${generateKeyPairSync("x25519").publicKey.export({ type: "spki", format: "der" }).subarray(-12).toString("hex")}`;
  execFileSync("useradd", ["-m", "-s", "/bin/sh", username]);
  execFileSync("chpasswd", [], { input: `${username}:${password}\n` });
  return { username, password, [Symbol.dispose]: () => void spawnSync("userdel", ["-rf", username]) };
}

async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

const accepts = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = net.connect(port, "127.0.0.1");
    socket.once("connect", () => socket.destroy());
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
  });
