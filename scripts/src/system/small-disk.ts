// A file system of its own that can be filled, gone with whoever made it. Needs root and mount(8).
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, statfsSync } from "node:fs";
import path from "node:path";

const mebibyte = 1_048_576;

export type SmallDisk = Disposable & {
  /** To the last byte. */
  fill(): void;
  /** Leaves about so much and no more. */
  leave(mebibytes: number): void;
  /** Gives all of it back. */
  free(): void;
};

export function smallDisk(folder: string, mebibytes: number): SmallDisk {
  mkdirSync(folder, { recursive: true });
  const run = (command: string, ...args: string[]) => spawnSync(command, args, { encoding: "utf8" });
  const { status, stderr } = run("mount", "-t", "tmpfs", "-o", `size=${mebibytes}m,mode=0755`, "none", folder);
  if (status !== 0) throw new Error(`no small disk: ${stderr}`);
  const fillers: string[] = [];
  const filler = () => {
    const file = path.join(folder, `filler-${fillers.length}`);
    fillers.push(file);
    return file;
  };
  return {
    fill: () => void run("dd", "if=/dev/zero", `of=${filler()}`, "bs=1M"),
    leave: (left) => {
      const { bavail, bsize } = statfsSync(folder);
      run("fallocate", "-l", String(bavail * bsize - left * mebibyte), filler());
    },
    free: () => {
      for (const file of fillers.splice(0)) rmSync(file, { force: true });
    },
    [Symbol.dispose]: () => void run("umount", "-l", folder),
  };
}
