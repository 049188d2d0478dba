// Signed orders to agents, and their answers. Each has the agent's next sequence number, which no restart may repeat.

import type { KeyObject } from "node:crypto";
import { orderLifetimeMs } from "@sallyport/protocol/limits";
import { signOrder } from "@sallyport/protocol/orders";
import type { wire } from "@sallyport/protocol/wire";
import { inArray, sql } from "drizzle-orm";
import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/database.ts";
import { HubError } from "../platform/errors.ts";
import { gathered } from "../platform/gathered.ts";
import type { AgentLinks } from "./links.ts";
import { agents } from "./schema.ts";

/** Numbers are reserved in the database a block at a time; a crash skips the rest of a block, which costs nothing. */
const blockSize = 100;
/** An agent answers an order at once; a starting shell takes milliseconds. */
const answerDeadlineMs = 10_000;
/** A neighbour's name, connection, handshake and sign-in come before the answer; the agent gives up on them by itself. */
const neighbourAnswerDeadlineMs = 45_000;

export type OrderPayload = Pick<
  wire.Order.$Properties,
  | "openShell"
  | "openSshShell"
  | "openExec"
  | "openDial"
  | "runScript"
  | "runEquippedScript"
  | "runScriptWithFiles"
  | "runScriptAndCollect"
  | "runApprovedScript"
  | "equipRun"
  | "openFile"
  | "cancelRun"
>;
type Outcome = { accepted: boolean; code: string; message: string };

export class Orders {
  readonly #blocks = new Map<string, { next: number; end: number }>();
  readonly #waiting = new Map<string, (outcome: Outcome) => void>();
  readonly #reserving = new Map<string, Promise<void>>();
  /** Last number of a new block; null when there is no such agent. Never asked twice at once for one agent. */
  readonly #blockEnd: (agentId: string) => Promise<number | null>;
  readonly #deps: { db: Database; clock: Clock; links: AgentLinks; signingKey: KeyObject };

  constructor(deps: { db: Database; clock: Clock; links: AgentLinks; signingKey: KeyObject }) {
    this.#deps = deps;
    this.#blockEnd = gathered(async (agentIds) => {
      const rows = await deps.db
        .update(agents)
        .set({ orderSequence: sql`${agents.orderSequence} + ${blockSize}` })
        .where(inArray(agents.id, agentIds))
        .returning({ id: agents.id, end: agents.orderSequence });
      const ends = new Map(rows.map(({ id, end }) => [id, end]));
      return agentIds.map((id) => ends.get(id) ?? null);
    });
  }

  /** Signs without sending: for offers. The order's sequence is also the number of the stream it opens. */
  async sign(agentId: string, payload: OrderPayload): Promise<{ sequence: number; signed: wire.SignedOrder.$Properties }> {
    const sequence = await this.#nextSequence(agentId);
    const nowMs = this.#deps.clock.now().getTime();
    return {
      sequence,
      signed: signOrder(
        { ...payload, agentId, sequence, issuedAtMs: nowMs, expiresAtMs: nowMs + orderLifetimeMs },
        this.#deps.signingKey,
      ),
    };
  }

  /**
   * Sends an order and waits for the agent's word.
   *
   * @param prepare runs with the sequence before anything is sent: a stream must exist before its first byte.
   * @throws HubError `agent-offline`, or `agent-refused` with the agent's reason.
   */
  async send(agentId: string, payload: OrderPayload, prepare: (sequence: number) => void = () => {}): Promise<number> {
    const { sequence, signed } = await this.sign(agentId, payload);
    const link = this.#deps.links.get(agentId);
    if (link === undefined)
      throw new HubError("agent-offline", "The agent is offline. Its host or its network is down, or the agent was stopped.");
    prepare(sequence);
    const key = `${agentId}/${sequence}`;
    const deadlineMs =
      payload.openSshShell || payload.openExec || payload.equipRun ? neighbourAnswerDeadlineMs : answerDeadlineMs;
    const outcome = await new Promise<Outcome>((resolve) => {
      const timer = setTimeout(
        () =>
          resolve({
            accepted: false,
            code: "no-answer",
            message: `The agent did not answer within ${deadlineMs / 1_000} seconds.`,
          }),
        deadlineMs,
      );
      this.#waiting.set(key, (answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
      link.send({ order: signed });
    });
    this.#waiting.delete(key);
    if (!outcome.accepted)
      throw new HubError("agent-refused", outcome.message || `The agent refused: ${outcome.code}.`, {
        facts: { reason: outcome.code },
      });
    return sequence;
  }

  /** An agent's answer. Late, doubled and invented ones find nobody waiting. */
  onOutcome(agentId: string, sequence: number, outcome: Outcome): void {
    this.#waiting.get(`${agentId}/${sequence}`)?.(outcome);
  }

  async #nextSequence(agentId: string): Promise<number> {
    for (;;) {
      const block = this.#blocks.get(agentId);
      if (block !== undefined && block.next < block.end) return block.next++;
      const reserving = this.#reserving.get(agentId) ?? this.#reserve(agentId).finally(() => this.#reserving.delete(agentId));
      this.#reserving.set(agentId, reserving);
      await reserving;
    }
  }

  async #reserve(agentId: string): Promise<void> {
    const end = await this.#blockEnd(agentId);
    if (end === null) throw new HubError("not-found", "No such agent.");
    this.#blocks.set(agentId, { next: end - blockSize + 1, end: end + 1 });
  }
}
