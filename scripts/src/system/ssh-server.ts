// An OpenSSH server for tests, with keys of its own: a neighbour that only what stands in its network reaches.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import type { PrivateNetwork } from "./private-network.ts";
import { sshdSettings } from "./sshd-settings.ts";
import { until } from "./until.ts";

export type SshServer = {
  address: string;
  port: number;
  username: string;
  /** The private key that is let in, OpenSSH format. */
  privateKey: string;
  /** `SHA256:…` of its host key. */
  fingerprint(): string;
  /** As after a new installation of the host. */
  renewHostKey(): Promise<void>;
  stop(): Promise<void>;
};

/** @param folder for its keys and settings. @param port another one for each further host of the network. */
export async function startSshServer(network: PrivateNetwork, folder: string, port = 2_022): Promise<SshServer> {
  const sshd = ["/usr/sbin/sshd", "/usr/bin/sshd"].find((file) => existsSync(file));
  if (sshd === undefined) throw new Error("This test needs sshd. Install openssh-server.");
  const at = (name: string) => path.join(folder, name);
  mkdirSync(folder, { recursive: true });
  const makeKey = (name: string) => {
    for (const file of [at(name), at(`${name}.pub`)]) rmSync(file, { force: true });
    spawnSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", at(name)]);
  };
  makeKey("host-key");
  makeKey("user-key");
  if (process.getuid?.() === 0) mkdirSync("/run/sshd", { recursive: true }); // sshd's own folder for privilege separation
  network.admit(port);
  writeFileSync(at("sshd.conf"), sshdSettings({ port, address: network.insideAddress, at }));
  let server: ChildProcess;
  const start = async () => {
    const [program = "", ...words] = [...network.inside, sshd];
    server = spawn(program, [...words, "-D", "-e", "-f", at("sshd.conf")], { stdio: "ignore" });
    await until("sshd listens", () => accepts(network.insideAddress, port));
  };
  const stop = async () => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    const gone = new Promise((resolve) => server.once("close", resolve));
    server.kill("SIGTERM");
    await gone;
  };
  await start();
  return {
    address: network.insideAddress,
    port,
    username: os.userInfo().username,
    privateKey: readFileSync(at("user-key"), "utf8"),
    fingerprint: () => spawnSync("ssh-keygen", ["-l", "-f", at("host-key.pub")], { encoding: "utf8" }).stdout.split(" ")[1] ?? "",
    renewHostKey: async () => {
      await stop();
      makeKey("host-key");
      await start();
    },
    stop,
  };
}

const accepts = (host: string, port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = net.connect(port, host);
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
