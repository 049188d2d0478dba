// What this host is, read from the kernel's files; no command is run.
import fs from "node:fs";
import os from "node:os";
import { promisify } from "node:util";
import { factsListMax, textBytesMax } from "@sallyport/protocol/limits";
import type { wire } from "@sallyport/protocol/wire";
import { capped } from "../run/result.ts";
import { readAccount } from "../session/account.ts";
import { localMounts, type Mount } from "./mounts.ts";
import { readOsRelease } from "./os-release.ts";

export type HostFacts = wire.HostFacts.$Properties;

export async function collectFacts(nowMs: number): Promise<HostFacts> {
  const release = readOsRelease(readText("/etc/os-release") || readText("/usr/lib/os-release"));
  const processors = os.cpus();
  const mounts = localMounts(readText("/proc/self/mounts")).slice(0, factsListMax);
  return {
    hostname: text(os.hostname()),
    osName: text(release.name),
    osVersion: text(release.version),
    kernel: text(os.release()),
    arch: process.arch,
    cpuModel: text(processors[0]?.model.trim() ?? ""),
    cpuCount: processors.length,
    memoryBytes: os.totalmem(),
    memoryFreeBytes: os.freemem(), // MemAvailable, which is what new processes can have
    disks: (await Promise.all(mounts.map(diskOf))).filter((disk) => disk !== null),
    addresses: Object.values(os.networkInterfaces())
      .flatMap((list) => (list ?? []).filter((entry) => !entry.internal).map((entry) => entry.address))
      .slice(0, factsListMax),
    uptimeSeconds: Math.round(os.uptime()),
    user: text(readAccount().name),
    root: process.getuid?.() === 0,
    collectedAtMs: nowMs,
  };
}

const statfs = promisify(fs.statfs);

async function diskOf({ mount, filesystem }: Mount): Promise<wire.Disk.$Properties | null> {
  try {
    const { blocks, bavail, bsize } = await statfs(mount);
    return { mount: text(mount), filesystem, sizeBytes: blocks * bsize, freeBytes: bavail * bsize };
  } catch {
    return null; // unmounted meanwhile, or not ours to look at
  }
}

const text = (value: string): string => capped(value, textBytesMax);

function readText(file: string): string {
  try {
    return fs.readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
