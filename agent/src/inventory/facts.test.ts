// Host facts: sane on this machine, bounded, and quiet while nothing changes.
import os from "node:os";
import { expect, test } from "vitest";
import { collectFacts } from "./facts.ts";
import { localMounts } from "./mounts.ts";
import { readOsRelease } from "./os-release.ts";
import { sameFacts } from "./same-facts.ts";

test("the facts of this host are sane", async () => {
  const facts = await collectFacts(1_000);
  expect(facts).toMatchObject({
    hostname: os.hostname(),
    arch: process.arch,
    cpuCount: os.cpus().length,
    collectedAtMs: 1_000,
    root: process.getuid?.() === 0,
  });
  expect(facts.memoryBytes).toBeGreaterThan(100_000_000);
  expect(facts.memoryFreeBytes).toBeGreaterThan(0);
  expect(facts.memoryFreeBytes).toBeLessThanOrEqual(facts.memoryBytes ?? 0);
  expect(facts.kernel).toMatch(/^\d+\./);
  expect(facts.osName).not.toBe("");
  expect(facts.uptimeSeconds).toBeGreaterThan(0);
  for (const disk of facts.disks ?? []) expect(disk.freeBytes).toBeLessThanOrEqual(disk.sizeBytes ?? 0);
  expect(facts.addresses).not.toContain("127.0.0.1");
});

test("os-release is read with and without quotes, and a system without one is called Linux", () => {
  expect(readOsRelease('NAME="Debian GNU/Linux"\nVERSION_ID=12\n# comment\nPRETTY_NAME=x')).toEqual({
    name: "Debian GNU/Linux",
    version: "12",
  });
  expect(readOsRelease("NAME='Alpine'\nVERSION_ID=\"3.20\"")).toEqual({ name: "Alpine", version: "3.20" });
  expect(readOsRelease("")).toEqual({ name: "Linux", version: "" });
});

test("only local disks count, each once, whatever their mount points are called", () => {
  const text = [
    "/dev/vda1 / ext4 rw 0 0",
    "/dev/vda1 /var/lib/docker/bind ext4 rw 0 0",
    "/dev/vdb /data\\040disk xfs rw 0 0",
    "proc /proc proc rw 0 0",
    "server:/export /mnt nfs4 rw 0 0",
    "overlay /var/lib/docker/overlay2/x/merged overlay rw 0 0",
    "",
  ].join("\n");
  expect(localMounts(text)).toEqual([
    { device: "/dev/vda1", mount: "/", filesystem: "ext4" },
    { device: "/dev/vdb", mount: "/data disk", filesystem: "xfs" },
  ]);
});

test("time passing is no news; a new address, a filling disk and a new kernel are", async () => {
  const facts = await collectFacts(1);
  expect(
    sameFacts(facts, { ...facts, uptimeSeconds: 9, collectedAtMs: 2, memoryFreeBytes: (facts.memoryFreeBytes ?? 0) + 1 }),
  ).toBe(true);
  expect(sameFacts(facts, { ...facts, addresses: ["192.0.2.1"] })).toBe(false);
  expect(sameFacts(facts, { ...facts, kernel: "9.9" })).toBe(false);
  expect(
    sameFacts(
      { disks: [{ mount: "/", sizeBytes: 100, freeBytes: 90 }] },
      { disks: [{ mount: "/", sizeBytes: 100, freeBytes: 10 }] },
    ),
  ).toBe(false);
});
