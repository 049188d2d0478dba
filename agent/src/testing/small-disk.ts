// A file system of a few mebibytes, gone with whoever made it.
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { scratch } from "./scratch.ts";

/** A test that needs one says so when it is skipped. */
export const noSmallDisk =
  process.getuid?.() === 0 && mounts(fs.mkdtempSync("/tmp/sallyport-mount-")) ? null : "root and mount(8) are needed";

export type SmallDisk = Disposable & { folder: string };

export function smallDisk(mebibytes: number, folder = scratch()): SmallDisk {
  fs.mkdirSync(folder, { recursive: true });
  const { status, stderr } = mount(folder, `size=${mebibytes}m,mode=0755`);
  if (status !== 0) throw new Error(`no small disk: ${stderr}`);
  return { folder, [Symbol.dispose]: () => void spawnSync("umount", ["-l", folder]) };
}

function mount(folder: string, options: string) {
  return spawnSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", folder], { encoding: "utf8" });
}

function mounts(folder: string): boolean {
  const { status } = mount(folder, "size=64k");
  if (status === 0) spawnSync("umount", [folder]);
  fs.rmdirSync(folder);
  return status === 0;
}
