// This host as a witness: how far the hub said that its audit log had come, kept where the hub cannot reach. Decides nothing about the log itself.
//
// Two files in the state folder, a JSON line each head, which `sallyport audit verify --heads` reads as they are:
//     audit-heads        the newest 64 of each organisation, and those that the hub went back behind
//     audit-heads-days   one a day, for a year
import path from "node:path";
import { auditHeadsMax } from "@sallyport/protocol/limits";
import type { wire } from "@sallyport/protocol/wire";
import { type Log, reasonOf } from "../log.ts";
import { readIfThere, writeDurably } from "../state/files.ts";
import { parseObject } from "../state/identity.ts";

/** About an hour of a busy hub, in 22 KB that are written anew with each. */
const newestKept = 64;
const daysKept = 366;
/** An agent belongs to one organisation; a second is one it was moved to. Whoever names more only wants our disk. */
const chainsMax = 4;
/** Those the hub went back behind; the newest say it best, and all of them fit a Hello beside the highest. */
const markedMax = auditHeadsMax - 1;

/** As the hub signs it, and as the hub's own verifier reads it. */
export type KeptHead = {
  org: string;
  seq: number;
  /** Hex. */
  hash: string;
  /** ISO 8601, UTC. */
  at: string;
  hub: string;
  keyId: string;
  /** Base64. */
  signature: string;
  /** The hub has since said less, or something else. */
  contradicted?: true;
};

const newestFile = (stateDir: string): string => path.join(stateDir, "audit-heads");
const daysFile = (stateDir: string): string => path.join(stateDir, "audit-heads-days");

export class AuditHeads {
  readonly #stateDir: string;
  readonly #hub: string;
  readonly #log: Log;
  /** Oldest first, of every hub and organisation this host has belonged to. */
  #kept: KeptHead[];

  constructor({ stateDir, hubId, log }: { stateDir: string; hubId: string; log: Log }) {
    this.#stateDir = stateDir;
    this.#hub = hubId;
    this.#log = log;
    this.#kept = readHeads(newestFile(stateDir));
  }

  /**
   * The hub gives a head. Kept when it goes on from what is kept; otherwise what is kept stays and is marked. Never throws: a full disk must
   * not end a link.
   */
  note(given: wire.AuditHead.$Properties | null | undefined): void {
    const head = given ? readGiven(given, this.#hub) : null;
    if (head === null) return;
    const newest = this.#newestOf(head.org);
    if (newest?.seq === head.seq && newest.hash === head.hash) return;
    if (newest === undefined && this.#chains().length >= chainsMax) return;
    try {
      if (newest === undefined || head.seq > newest.seq) {
        this.#keep(head);
        return;
      }
      if (newest.contradicted) return;
      newest.contradicted = true;
      this.#log.error(
        `the hub's audit log went back: event ${newest.seq} had been signed at ${newest.at}, now it says ${head.seq}. Kept as evidence; see: audit-heads --state ${this.#stateDir}`,
      );
      this.#write();
    } catch (error) {
      this.#log.warn(`audit head not kept: ${reasonOf(error)}`);
    }
  }

  /** What Hello says: the highest of each organisation of this hub, then what it went back behind. */
  report(): wire.AuditHead.$Properties[] {
    const ours = this.#kept.filter(({ hub }) => hub === this.#hub);
    const highest = this.#chains()
      .filter(([hub]) => hub === this.#hub)
      .flatMap(([, org]) => this.#newestOf(org) ?? []);
    const marked = ours.filter((head) => head.contradicted && !highest.includes(head)).reverse();
    return [...highest, ...marked].slice(0, auditHeadsMax).map(toWire);
  }

  #newestOf(org: string): KeptHead | undefined {
    return this.#kept.findLast((head) => head.hub === this.#hub && head.org === org);
  }

  #chains(): [hub: string, org: string][] {
    return [...new Map(this.#kept.map(({ hub, org }) => [`${hub} ${org}`, [hub, org] as [string, string]])).values()];
  }

  #keep(head: KeptHead): void {
    this.#kept.push(head);
    const ofChain = this.#kept.filter(({ hub, org }) => hub === head.hub && org === head.org);
    const marked = ofChain.filter(({ contradicted }) => contradicted);
    const leave = new Set([
      ...ofChain.filter(({ contradicted }) => !contradicted).slice(0, -newestKept),
      ...marked.slice(0, -markedMax),
    ]);
    this.#kept = this.#kept.filter((one) => !leave.has(one));
    this.#write();
    const day = dayOf(head);
    const before = ofChain.at(-2);
    if (before === undefined || dayOf(before) !== day) this.#keepForTheDay(head);
  }

  #write(): void {
    writeDurably(newestFile(this.#stateDir), formatHeads(this.#kept));
  }

  #keepForTheDay(head: KeptHead): void {
    const days = readHeads(daysFile(this.#stateDir)).filter(
      ({ hub, org, at }) => hub !== head.hub || org !== head.org || at.slice(0, 10) !== dayOf(head),
    );
    writeDurably(daysFile(this.#stateDir), formatHeads([...days, head].slice(-daysKept)));
  }
}

/** Everything this host has kept, oldest first. */
export function allHeads(stateDir: string): KeptHead[] {
  const newest = readHeads(newestFile(stateDir));
  const known = new Set(newest.map(({ signature }) => signature));
  return [...readHeads(daysFile(stateDir)).filter(({ signature }) => !known.has(signature)), ...newest];
}

export const formatHeads = (heads: readonly KeptHead[]): string => heads.map((head) => `${JSON.stringify(head)}\n`).join("");

const dayOf = ({ at }: KeptHead): string => at.slice(0, 10);

/** A line that cannot be read is passed over: the others are still evidence. */
function readHeads(file: string): KeptHead[] {
  const text = readIfThere(file)?.toString() ?? "";
  return text.split("\n").flatMap((line) => parseLine(line) ?? []);
}

function parseLine(line: string): KeptHead | null {
  const parsed = line === "" ? null : parseObject(line);
  if (parsed === null) return null;
  const text = (name: keyof KeptHead): string => {
    const value: unknown = Reflect.get(parsed, name);
    return typeof value === "string" ? value : "";
  };
  const seq: unknown = Reflect.get(parsed, "seq");
  if (typeof seq !== "number" || text("org") === "" || text("hash") === "") return null;
  return {
    org: text("org"),
    seq,
    hash: text("hash"),
    at: text("at"),
    hub: text("hub"),
    keyId: text("keyId"),
    signature: text("signature"),
    ...(Reflect.get(parsed, "contradicted") === true ? { contradicted: true as const } : {}),
  };
}

/** Null for what is no head: a later hub's, or a broken one's. */
function readGiven(given: wire.AuditHead.$Properties, hub: string): KeptHead | null {
  const { orgId = "", seq = 0, hash, atMs = 0, keyId = "", signature } = given;
  const holds =
    /^[A-Za-z0-9_-]{1,64}$/.test(orgId ?? "") &&
    Number.isSafeInteger(seq) &&
    (seq ?? 0) > 0 &&
    hash?.length === 32 &&
    signature?.length === 64 &&
    /^[0-9a-f]{16}$/.test(keyId ?? "") &&
    (atMs ?? 0) > 0 &&
    (atMs ?? 0) < 8.64e15;
  if (!holds) return null;
  return {
    org: orgId ?? "",
    seq: seq ?? 0,
    hash: Buffer.from(hash).toString("hex"),
    at: new Date(atMs ?? 0).toISOString(),
    hub,
    keyId: keyId ?? "",
    signature: Buffer.from(signature).toString("base64"),
  };
}

const toWire = ({ org, seq, hash, at, keyId, signature }: KeptHead): wire.AuditHead.$Properties => ({
  orgId: org,
  seq,
  hash: Buffer.from(hash, "hex"),
  atMs: Date.parse(at) || 0,
  keyId,
  signature: Buffer.from(signature, "base64"),
});
