// OpenSSH to be measured against: two sshd on loopback, one as the jump host and one as the target, with keys of their own.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { freePort } from "../system/free-port.ts";
import type { PrivateNetwork } from "../system/private-network.ts";
import { sshdSettings } from "../system/sshd-settings.ts";
import { tempFolder } from "../system/temp-folder.ts";
import { until } from "../system/until.ts";

/** How ssh is called for each peer: the words after `ssh`, before the remote command. */
export type SshPeer = { name: string; args: string[] };
export type SshPeers = AsyncDisposable & {
  direct: SshPeer;
  jump: SshPeer;
  /** Where the target listens, and who may sign in there with which key. */
  target: { address: string; port: number; username: string; privateKey: string };
  /** Process ids of the servers. */
  servers: number[];
  /** For programs that take it by file, such as scp: `target` is the host's name in it. */
  configFile: string;
};

/** @param network where the target is, reached over its line; without one all are on loopback. */
export async function startSshPeers(network: PrivateNetwork | null = null): Promise<SshPeers> {
  const sshd = ["/usr/sbin/sshd", "/usr/bin/sshd"].find((file) => existsSync(file));
  if (sshd === undefined)
    throw new Error("This measurement needs sshd. Install openssh-server (and openssh-client), then run it again.");
  const folder = tempFolder("ssh");
  const at = (name: string) => path.join(folder.path, name);
  for (const name of ["host-key", "user-key"]) spawnSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", at(name)]);
  if (process.getuid?.() === 0) mkdirSync("/run/sshd", { recursive: true }); // sshd's own folder for privilege separation
  const ports = { jump: await freePort(), target: await freePort() };
  const target = network?.insideAddress ?? "127.0.0.1";
  network?.admit(ports.target);
  const servers = [
    startServer(at, { name: "jump", address: "127.0.0.1", port: ports.jump, command: [sshd] }),
    startServer(at, { name: "target", address: target, port: ports.target, command: [...(network?.inside ?? []), sshd] }),
  ];
  const user = os.userInfo().username;
  const host = (name: string, address: string, port: number) =>
    [
      `Host ${name}`,
      `  HostName ${address}`,
      `  Port ${port}`,
      `  User ${user}`,
      `  IdentityFile ${at("user-key")}`,
      "  IdentitiesOnly yes",
      "  BatchMode yes",
      "  StrictHostKeyChecking no",
      "  UserKnownHostsFile /dev/null",
      "  LogLevel ERROR",
    ].join("\n");
  writeFileSync(at("config"), `${host("jump", "127.0.0.1", ports.jump)}\n${host("target", target, ports.target)}\n`);
  const stop = async () => {
    await Promise.all(servers.map(stopServer));
    folder[Symbol.dispose]();
  };
  try {
    await until("the jump host's sshd listens", () => accepts("127.0.0.1", ports.jump));
    await until("the target's sshd listens", () => accepts(target, ports.target));
    const probe = spawnSync("ssh", ["-F", at("config"), "-J", "jump", "target", "true"], { encoding: "utf8" });
    if (probe.status !== 0) throw new Error(`ssh -J over loopback does not work here: ${probe.stderr.trim()}`);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    direct: { name: "ssh", args: ["-F", at("config"), "target"] },
    jump: { name: "ssh -J", args: ["-F", at("config"), "-J", "jump", "target"] },
    target: { address: target, port: ports.target, username: user, privateKey: readFileSync(at("user-key"), "utf8") },
    configFile: at("config"),
    servers: servers.map(({ pid }) => pid ?? 0),
    [Symbol.asyncDispose]: stop,
  };
}

function startServer(
  at: (name: string) => string,
  { name, address, port, command }: { name: string; address: string; port: number; command: string[] },
): ChildProcess {
  const more = ["AllowTcpForwarding yes", "Subsystem sftp internal-sftp"];
  writeFileSync(at(`${name}.conf`), sshdSettings({ port, address, at, more }));
  const [program = "", ...words] = command;
  return spawn(program, [...words, "-D", "-e", "-f", at(`${name}.conf`)], { stdio: "ignore" });
}

async function stopServer(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const gone = new Promise((resolve) => server.once("close", resolve));
  server.kill("SIGTERM");
  await gone;
}

const accepts = (host: string, port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = net.connect(port, host);
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
