// Opens what an order names on a neighbour: TCP connection, SSH, shell or command. Holds nothing of it afterwards.
import type { KeyObject } from "node:crypto";
import { unseal } from "@sallyport/protocol/sealed";
import type { wire } from "@sallyport/protocol/wire";
import type { ClientChannel } from "ssh2";
import { connect } from "../dial/connect.ts";
import { type Outcome, refused } from "../orders/order-gate.ts";
import { type Opening, SshConnection } from "./connection.ts";
import type { HubAsks } from "./hub-asks.ts";
import { readSshTarget, type SshTarget, wipe } from "./ssh-target.ts";

export type NeighboursOptions = {
  agentId: string;
  /** Opens what the hub sealed for this process. */
  sealingKey: KeyObject;
  asks: HubAsks;
  hubAddresses: () => string[];
};

export type Opened =
  | { ok: true; connection: SshConnection; channel: ClientChannel; suPassword: Buffer | null }
  | { ok: false; outcome: Outcome };

/** What a dial's failures are called of neighbours. The others say which addresses may not be reached, and are called the same. */
const codes: Record<string, string> = {
  "name-not-found": "name-unknown",
  refused: "connection-refused",
  "timed-out": "timeout",
  failed: "unreachable",
};

export class Neighbours {
  readonly #options: NeighboursOptions;

  constructor(options: NeighboursOptions) {
    this.#options = options;
  }

  /**
   * Secrets of `ssh` are those of the session or execution `subjectId`.
   *
   * @param what given the target: the shell, or the command in its place. Never throws for what a neighbour does.
   */
  async open(
    { sequence, subjectId, ssh }: { sequence: number; subjectId: string; ssh: wire.SshTarget.$Properties },
    what: (target: SshTarget) => Opening,
  ): Promise<Opened> {
    const { agentId, sealingKey, asks } = this.#options;
    const read = readSshTarget(ssh, { sealingKey, agentId, subjectId });
    if (!read.ok) return read;
    const { target } = read;
    try {
      const opened = await this.#reach(target, sequence, what(target), asks);
      if (!opened.ok) wipe(target);
      return opened;
    } catch (error) {
      wipe(target);
      throw error;
    }
  }

  /** A secret that was sealed to this process for `subjectId`. @throws SealError when it was not. */
  unseal(sealed: wire.SealedSecret.$Properties, subjectId: string): Buffer {
    const { agentId, sealingKey } = this.#options;
    return unseal(sealed, sealingKey, { agentId, subjectId });
  }

  async #reach(target: SshTarget, sequence: number, opening: Opening, asks: HubAsks): Promise<Opened> {
    const dialled = await connect(
      { host: target.host, port: target.port, allowed: target.allowed, timeoutMs: target.connectTimeoutMs },
      { hub: this.#options.hubAddresses() },
    );
    if (!dialled.ok) return { ok: false, outcome: refused(codes[dialled.code] ?? dialled.code, dialled.message) };
    const connection = new SshConnection({ socket: dialled.socket, target, sequence, asks });
    const outcome = await connection.signIn();
    if (outcome !== null) return { ok: false, outcome };
    const channel = await connection.open(opening);
    if ("accepted" in channel) return { ok: false, outcome: channel };
    return { ok: true, connection, channel, suPassword: target.su?.password ?? null };
  }
}
