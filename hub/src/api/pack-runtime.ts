// The agent's runtime for another architecture than the hub's: packed from npm when the first host asks, then kept.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { HubError } from "../platform/errors.ts";

const run = promisify(execFile);
const packing = new Map<string, Promise<void>>();

/** Fetching 50 MB from a slow mirror and compressing it. */
const deadlineMs = 5 * 60_000;

/** @throws HubError `unavailable` when it can be neither found nor made. */
export async function packRuntime(packScript: string, agentDist: string, arch: "x64" | "arm64"): Promise<void> {
  if (existsSync(path.join(agentDist, `runtime-linux-${arch}.tar.gz`))) return;
  const running = packing.get(arch) ?? pack(packScript, arch).finally(() => packing.delete(arch));
  packing.set(arch, running);
  await running;
}

async function pack(packScript: string, arch: string): Promise<void> {
  try {
    await run(process.execPath, [packScript, "--arch", arch], { timeout: deadlineMs });
  } catch (cause) {
    throw new HubError(
      "unavailable",
      `The agent's runtime for ${arch} is not on this hub and could not be fetched. Run node agent/pack.mjs --arch ${arch} where npm works.`,
      { facts: { arch }, cause },
    );
  }
}
