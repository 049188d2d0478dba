// /proc/self/mounts to the filesystems that are on this host's own disks. Pure.

/** Others are memory, views of something else, or on a network: asking for their size may hang for minutes. */
const localFilesystems = new Set([
  "ext2",
  "ext3",
  "ext4",
  "xfs",
  "btrfs",
  "zfs",
  "f2fs",
  "jfs",
  "reiserfs",
  "vfat",
  "exfat",
  "ntfs3",
  "bcachefs",
  "overlay",
]);

export type Mount = { device: string; mount: string; filesystem: string };

/** Each device once, at its shortest mount point: a bind mount is not another disk. */
export function localMounts(text: string): Mount[] {
  const byDevice = new Map<string, Mount>();
  for (const line of text.split("\n")) {
    const [device, mount, filesystem] = line.split(" ").map(unescaped);
    if (device === undefined || mount === undefined || filesystem === undefined || !localFilesystems.has(filesystem)) continue;
    if (filesystem === "overlay" && mount !== "/") continue; // other containers' roots
    const known = byDevice.get(device);
    if (known === undefined || mount.length < known.mount.length) byDevice.set(device, { device, mount, filesystem });
  }
  return [...byDevice.values()];
}

/** Blanks and backslashes stand as octal numbers (proc_mounts(5)). */
const unescaped = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
