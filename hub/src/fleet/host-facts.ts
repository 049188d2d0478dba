// Host facts from an agent, made safe to keep: every text capped, every list cut, every number a number. Pure.
import { factsListMax, textBytesMax } from "@sallyport/protocol/limits";
import { isWireNumber, type wire } from "@sallyport/protocol/wire";
import { shortText } from "../platform/text.ts";
import type { HostFacts } from "./schema.ts";

const text = (value: string | null | undefined): string => shortText(value, textBytesMax);
const number = (value: number | null | undefined): number =>
  value !== null && value !== undefined && isWireNumber(value) ? value : 0;

/** What an agent, or a host about to be one, says of itself. */
type Loose<T> = { [Name in keyof T]?: T[Name] | null | undefined };
type SaidFacts = Loose<Omit<wire.HostFacts.$Properties, "disks">> & { disks?: Loose<wire.Disk.$Properties>[] | null | undefined };

export const readHostFacts = (facts: SaidFacts, now: Date): HostFacts => ({
  hostname: text(facts.hostname),
  osName: text(facts.osName),
  osVersion: text(facts.osVersion),
  kernel: text(facts.kernel),
  arch: text(facts.arch),
  cpuModel: text(facts.cpuModel),
  cpuCount: number(facts.cpuCount),
  memoryBytes: number(facts.memoryBytes),
  memoryFreeBytes: number(facts.memoryFreeBytes),
  disks: (facts.disks ?? []).slice(0, factsListMax).map((disk) => ({
    mount: text(disk.mount),
    filesystem: text(disk.filesystem),
    sizeBytes: number(disk.sizeBytes),
    freeBytes: number(disk.freeBytes),
  })),
  addresses: (facts.addresses ?? []).slice(0, factsListMax).map(text),
  uptimeSeconds: number(facts.uptimeSeconds),
  user: text(facts.user),
  root: facts.root === true,
  collectedAt: now.toISOString(),
});

/** A host name as a display name: one line, no control or direction characters. */
export const nameFrom = (hostname: string): string =>
  text(hostname)
    .replace(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, "")
    .trim()
    .slice(0, 100) || "unnamed";
