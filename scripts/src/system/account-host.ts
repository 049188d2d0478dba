// A Linux host for tests with accounts of its own: sshd in a network of its own, over an /etc, homes and programs that are not this machine's.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import net from "node:net";
import path from "node:path";
import type { PrivateNetwork } from "./private-network.ts";
import { until } from "./until.ts";

export type AccountHost = {
  address: string;
  port: number;
  /** Of root, who may sign in with it. */
  rootPassword: string;
  /** Runs a line of shell there as root. */
  sh(line: string, input?: string): { status: number | null; stdout: string; stderr: string };
  /** From now on chpasswd waits, before or after it has done its work, until it is let go. */
  holdChpasswd(when: "before" | "after"): { held(): Promise<void>; release(): void };
  stop(): Promise<void>;
};

/**
 * @param folder for its files.
 * @param programs this machine's, or those of busybox alone, as on a small device: neither useradd nor chpasswd is there.
 */
export async function startAccountHost(
  network: PrivateNetwork,
  folder: string,
  { port = 2_023, programs = "debian" }: { port?: number; programs?: "debian" | "busybox" } = {},
): Promise<AccountHost> {
  const sshd = ["/usr/sbin/sshd", "/usr/bin/sshd"].find((file) => existsSync(file));
  if (sshd === undefined) throw new Error("This test needs sshd. Install openssh-server.");
  const at = (name: string) => path.join(folder, name);
  mkdirSync(at("hold"), { recursive: true });
  must("cp", "-a", "/etc", at("etc"));
  must("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", at("host-key"));
  mkdirSync("/run/sshd", { recursive: true }); // sshd's own folder for privilege separation
  const realChpasswd = at("chpasswd-real");
  must("cp", "-a", "/usr/sbin/chpasswd", realChpasswd);
  const wait = (when: string) =>
    `if [ -e ${at(`hold/${when}`)} ]; then : > ${at(`hold/${when}-held`)}; while [ -e ${at(`hold/${when}`)} ]; do sleep 0.05; done; fi`;
  writeFileSync(at("chpasswd"), `#!/bin/sh\n${wait("before")}\n${realChpasswd}\ndone=$?\n${wait("after")}\nexit $done\n`, {
    mode: 0o755,
  });
  const settings = [
    `Port ${port}`,
    `ListenAddress ${network.insideAddress}`,
    `HostKey ${at("host-key")}`,
    "UsePAM no",
    "PasswordAuthentication yes",
    "PermitRootLogin yes",
    "PidFile none",
    "PrintMotd no",
    "MaxStartups 100",
    "LogLevel ERROR",
  ];
  writeFileSync(at("sshd.conf"), `${settings.join("\n")}\n`);
  network.admit(port);
  const mounts = [
    `mount --bind ${at("etc")} /etc`,
    "mount -t tmpfs none /home",
    "mount -t tmpfs -o mode=700 none /root",
    "mount -t tmpfs none /var/mail",
    ...(programs === "busybox" ? busyboxAlone(at("programs"), sshd) : [`mount --bind ${at("chpasswd")} /usr/sbin/chpasswd`]),
  ];
  const [program = "", ...words] = [...network.inside, "unshare", "--mount", "--", "sh", "-c"];
  const server = spawn(program, [...words, `${mounts.join(" && ")} && cd / && exec ${sshd} -D -e -f ${at("sshd.conf")}`], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  await until("sshd listens", () => accepts(network.insideAddress, port));
  const sh: AccountHost["sh"] = (line, input = "") =>
    spawnSync("nsenter", ["-t", String(server.pid), "-m", "--", "sh", "-c", line], { encoding: "utf8", input });
  const rootPassword = "only for this test";
  sh("passwd root", `${rootPassword}\n${rootPassword}\n`);
  return {
    address: network.insideAddress,
    port,
    rootPassword,
    sh,
    holdChpasswd: (when) => {
      writeFileSync(at(`hold/${when}`), "");
      rmSync(at(`hold/${when}-held`), { force: true });
      return {
        held: async () => void (await until(`chpasswd held ${when}`, () => existsSync(at(`hold/${when}-held`)))),
        release: () => rmSync(at(`hold/${when}`), { force: true }),
      };
    },
    stop: () => end(server),
  };
}

function must(program: string, ...words: string[]): void {
  const { status, stderr } = spawnSync(program, words, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${program} ${words.join(" ")}: ${stderr}`);
}

async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const gone = new Promise((resolve) => server.once("close", resolve));
  server.kill("SIGTERM");
  await gone;
}

/** Makes the folder, and says how it takes the place of all programs. Setuid, since su is among them. */
function busyboxAlone(folder: string, sshd: string): string[] {
  mkdirSync(folder);
  for (const file of ["/usr/bin/busybox", sshd]) must("cp", file, folder);
  must("chmod", "4755", path.join(folder, "busybox"));
  const { stdout } = spawnSync("/usr/bin/busybox", ["--list"], { encoding: "utf8" });
  for (const name of stdout.split("\n").filter((line) => line !== "" && line !== "busybox"))
    symlinkSync("busybox", path.join(folder, name));
  return ["sed -i s,/bin/bash,/bin/sh, /etc/passwd", `mount --bind ${folder} /usr/sbin`, `mount --bind ${folder} /usr/bin`];
}

const accepts = (host: string, port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = net.connect(port, host);
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
