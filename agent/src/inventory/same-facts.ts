// Whether facts changed enough to be told again. Pure.
import type { HostFacts } from "./facts.ts";

/** Free memory and disk move all the time; a twentieth of the whole is news. */
const stepShare = 1 / 20;

export function sameFacts(a: HostFacts, b: HostFacts): boolean {
  return JSON.stringify(lasting(a)) === JSON.stringify(lasting(b));
}

function lasting({ collectedAtMs: _, uptimeSeconds: __, ...facts }: HostFacts) {
  return {
    ...facts,
    memoryFreeBytes: inSteps(facts.memoryFreeBytes, facts.memoryBytes),
    disks: (facts.disks ?? []).map((disk) => ({ ...disk, freeBytes: inSteps(disk.freeBytes, disk.sizeBytes) })),
  };
}

const inSteps = (part: number | null | undefined, whole: number | null | undefined): number =>
  whole ? Math.round((part ?? 0) / (whole * stepShare)) : 0;
