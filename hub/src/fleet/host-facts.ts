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
  ...ownKeyOf(facts),
  collectedAt: now.toISOString(),
});

/** A key and a comment, and no options before it: people copy the line to where it opens an account. RSA with 16,384 bits is 2.8 KB. */
const keyLine = /^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)) [A-Za-z0-9+/]{16,11000}={0,2} sallyport-agt_[0-9a-z]{24}$/;

function ownKeyOf({ ownKey, ownKeyProblem }: SaidFacts): Pick<HostFacts, "ownKey"> {
  if (!ownKey && !ownKeyProblem) return {};
  return { ownKey: { line: ownKey && keyLine.test(ownKey) ? ownKey : "", problem: text(ownKeyProblem) } };
}

/** A host name as a display name: one line, no control or direction characters. */
export const nameFrom = (hostname: string): string =>
  text(hostname)
    .replace(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, "")
    .trim()
    .slice(0, 100) || "unnamed";
