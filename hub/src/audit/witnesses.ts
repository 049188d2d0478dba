// Agents as witnesses: what they are given to keep, and what they say they have kept. They prove what this hub signed, and nothing else.
import { auditHeadsMax } from "@sallyport/protocol/limits";
import type { wire } from "@sallyport/protocol/wire";
import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/database.ts";
import type { Log } from "../platform/log.ts";
import { type Checkpoint, judgeSignature } from "./checkpoint.ts";
import type { Checkpoints } from "./checkpoints.ts";
import { hashesAt, noteContradiction } from "./contradictions.ts";

type Deps = { db: Database; clock: Clock; log: Log; checkpoints: Checkpoints; hubId: string };

export class Witnesses {
  readonly #deps: Deps;
  readonly #hashAt: ReturnType<typeof hashesAt>;

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#hashAt = hashesAt(deps.db);
  }

  /** The newest checkpoint, as an agent of that organisation is given it. Null when the link has been given it already, or there is none. */
  headFor(orgId: string, sentSeq: number): wire.AuditHead.$Properties | null {
    const newest = this.#deps.checkpoints.newestOf(orgId);
    return newest === null || newest.seq === sentSeq ? null : toWire(newest);
  }

  /**
   * Compares what an agent has kept with the database. A head that this hub's key has not signed counts for nothing: an agent
   * cannot invent a history that the hub then has to explain.
   *
   * @returns whether something was found that was not known.
   */
  async compare(
    agent: { id: string; orgId: string; name: string },
    address: string,
    heads: readonly wire.AuditHead.$Properties[],
  ): Promise<boolean> {
    const { checkpoints, hubId, log } = this.#deps;
    let news = false;
    for (const given of heads.slice(0, auditHeadsMax)) {
      const head = fromWire(given, hubId);
      // An agent that was moved keeps what it was given before; that chain is watched by those who are still in it.
      if (head === null || head.org !== agent.orgId) continue;
      const newest = checkpoints.newestOf(head.org);
      if (newest?.seq === head.seq && newest.hash === head.hash) continue;
      const { signer } = checkpoints;
      const judged = judgeSignature(head, signer.publicKey, signer.keyId);
      if (judged !== "ok") {
        log.warn(
          { agent: agent.id, seq: head.seq, keyId: head.keyId, judged },
          "an agent shows an audit head that this hub's key has not signed",
        );
        continue;
      }
      const holds = await this.#hashAt({ org: head.org, seq: head.seq });
      if (holds === head.hash) continue;
      const found = await noteContradiction(this.#deps, head, holds, {
        by: agent.id,
        subject: { kind: "agent", id: agent.id, name: agent.name },
        ip: address,
      });
      if (found) log.error({ agent: agent.id, seq: head.seq }, "an agent has seen an audit log that this database does not hold");
      news ||= found;
    }
    return news;
  }
}

const toWire = ({ org, seq, hash, at, keyId, signature }: Checkpoint): wire.AuditHead.$Properties => ({
  orgId: org,
  seq,
  hash: Buffer.from(hash, "hex"),
  atMs: Date.parse(at),
  keyId,
  signature: Buffer.from(signature, "base64"),
});

/** Null for what cannot be one. */
function fromWire({ orgId, seq, hash, atMs, keyId, signature }: wire.AuditHead.$Properties, hub: string): Checkpoint | null {
  const at = new Date(atMs ?? 0);
  if (hash?.length !== 32 || signature?.length !== 64 || Number.isNaN(at.getTime()) || !Number.isSafeInteger(seq)) return null;
  return {
    org: orgId ?? "",
    seq: seq ?? 0,
    hash: Buffer.from(hash).toString("hex"),
    at: at.toISOString(),
    hub,
    keyId: keyId ?? "",
    signature: Buffer.from(signature).toString("base64"),
  };
}
