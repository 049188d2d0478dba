// OpenSSH to be measured against: two sshd on loopback, one as the jump host and one as the target, with keys of their own.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { tempFolder } from "../system/temp-folder.ts";
import { until } from "../system/until.ts";

/** How ssh is called for each peer: the words after `ssh`, before the remote command. */
export type SshPeer = { name: string; args: string[] };
export type SshPeers = AsyncDisposable & { direct: SshPeer; jump: SshPeer };

export async function startSshPeers(): Promise<SshPeers> {
  const sshd = ["/usr/sbin/sshd", "/usr/bin/sshd"].find((file) => existsSync(file));
  if (sshd === undefined)
    throw new Error("This measurement needs sshd. Install openssh-server (and openssh-client), then run it again.");
  const folder = tempFolder("ssh");
  const at = (name: string) => path.join(folder.path, name);
  for (const name of ["host-key", "user-key"]) spawnSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", at(name)]);
  if (process.getuid?.() === 0) mkdirSync("/run/sshd", { recursive: true }); // sshd's own folder for privilege separation
  const ports = { jump: await freePort(), target: await freePort() };
  const servers = Object.entries(ports).map(([name, port]) => startServer(sshd, at, name, port));
  const user = os.userInfo().username;
  const host = (name: string, port: number) =>
    [
      `Host ${name}`,
      "  HostName 127.0.0.1",
      `  Port ${port}`,
      `  User ${user}`,
      `  IdentityFile ${at("user-key")}`,
      "  IdentitiesOnly yes",
      "  BatchMode yes",
      "  StrictHostKeyChecking no",
      "  UserKnownHostsFile /dev/null",
      "  LogLevel ERROR",
    ].join("\n");
  writeFileSync(at("config"), `${host("jump", ports.jump)}\n${host("target", ports.target)}\n`);
  const stop = async () => {
    await Promise.all(servers.map(stopServer));
    folder[Symbol.dispose]();
  };
  try {
    for (const port of Object.values(ports)) await until(`sshd on ${port}`, () => accepts(port));
    const probe = spawnSync("ssh", ["-F", at("config"), "-J", "jump", "target", "true"], { encoding: "utf8" });
    if (probe.status !== 0) throw new Error(`ssh -J over loopback does not work here: ${probe.stderr.trim()}`);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    direct: { name: "ssh", args: ["-F", at("config"), "target"] },
    jump: { name: "ssh -J", args: ["-F", at("config"), "-J", "jump", "target"] },
    [Symbol.asyncDispose]: stop,
  };
}

function startServer(sshd: string, at: (name: string) => string, name: string, port: number): ChildProcess {
  const settings = [
    `Port ${port}`,
    "ListenAddress 127.0.0.1",
    `HostKey ${at("host-key")}`,
    `AuthorizedKeysFile ${at("user-key.pub")}`,
    "StrictModes no",
    "UsePAM no",
    "PasswordAuthentication no",
    "PermitRootLogin prohibit-password",
    "PidFile none",
    "PrintMotd no",
    "LogLevel ERROR",
    "AllowTcpForwarding yes",
  ];
  writeFileSync(at(`${name}.conf`), `${settings.join("\n")}\n`);
  return spawn(sshd, ["-D", "-e", "-f", at(`${name}.conf`)], { stdio: "ignore" });
}

async function stopServer(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const gone = new Promise((resolve) => server.once("close", resolve));
  server.kill("SIGTERM");
  await gone;
}

export async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

const accepts = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = net.connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
