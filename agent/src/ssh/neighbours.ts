// Opens what an order names on a neighbour: TCP connection, SSH, shell or command. Holds nothing of it afterwards.
import type { KeyObject } from "node:crypto";
import { unseal } from "@sallyport/protocol/sealed";
import type { wire } from "@sallyport/protocol/wire";
import type { ClientChannel } from "ssh2";
import { connect } from "../dial/connect.ts";
import { type Outcome, refused } from "../orders/order-gate.ts";
import { type ConnectionKey, type Opening, SshConnection } from "./connection.ts";
import type { HubAsks } from "./hub-asks.ts";
import type { OwnKey } from "./own-key.ts";
import { readSecretLines, readSshTarget, type SshTarget, wipe } from "./ssh-target.ts";

export type NeighboursOptions = {
  agentId: string;
  /** Opens what the hub sealed for this process. */
  sealingKey: KeyObject;
  asks: HubAsks;
  ownKey: OwnKey;
  hubAddresses: () => string[];
};

export type Opened =
  | { ok: true; connection: SshConnection; channel: ClientChannel; suPassword: Buffer | null; secretLines: Buffer | null }
  | { ok: false; outcome: Outcome };

/** What a dial's failures are called of neighbours. The others say which addresses may not be reached, and are called the same. */
const codes: Record<string, string> = {
  "name-not-found": "name-unknown",
  refused: "connection-refused",
  "timed-out": "timeout",
  failed: "unreachable",
};

export type NeighbourOrder = {
  sequence: number;
  subjectId: string;
  ssh: wire.SshTarget.$Properties;
  secretLines?: readonly wire.SealedSecret.$Properties[];
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
    { sequence, subjectId, ssh, secretLines = [] }: NeighbourOrder,
    what: (target: SshTarget) => Opening,
  ): Promise<Opened> {
    const { agentId, sealingKey, asks } = this.#options;
    const opener = { sealingKey, agentId, subjectId };
    const read = readSshTarget(ssh, opener);
    if (!read.ok) return read;
    const { target } = read;
    const secret = readSecretLines(secretLines, opener);
    const forget = (): void => {
      wipe(target);
      if (secret.ok) secret.lines?.fill(0);
    };
    try {
      const opened = secret.ok ? await this.#reach(target, sequence, what(target), asks) : secret;
      if (!opened.ok) forget();
      return opened.ok && secret.ok ? { ...opened, secretLines: secret.lines } : opened;
    } catch (error) {
      forget();
      throw error;
    }
  }

  /** A secret that was sealed to this process for `subjectId`. @throws SealError when it was not. */
  unseal(sealed: wire.SealedSecret.$Properties, subjectId: string): Buffer {
    const { agentId, sealingKey } = this.#options;
    return unseal(sealed, sealingKey, { agentId, subjectId });
  }

  async #reach(target: SshTarget, sequence: number, opening: Opening, asks: HubAsks): Promise<Opened> {
    const key = this.#keyFor(target, sequence, asks);
    if (key !== null && "accepted" in key) return { ok: false, outcome: key };
    const dialled = await connect(
      { host: target.host, port: target.port, allowed: target.allowed, timeoutMs: target.connectTimeoutMs },
      { hub: this.#options.hubAddresses() },
    );
    if (!dialled.ok) return { ok: false, outcome: refused(codes[dialled.code] ?? dialled.code, dialled.message) };
    const connection = new SshConnection({ socket: dialled.socket, target, sequence, asks, key });
    const outcome = await connection.signIn();
    if (outcome !== null) return { ok: false, outcome };
    const channel = await connection.open(opening);
    if ("accepted" in channel) return { ok: false, outcome: channel };
    return { ok: true, connection, channel, suPassword: target.su?.password ?? null, secretLines: null };
  }

  /** The one the hub signs with, or this host's own; a refusal where that may not or cannot be used. */
  #keyFor({ publicKey, ownKey }: SshTarget, sequence: number, asks: HubAsks): ConnectionKey | Outcome | null {
    if (publicKey !== null) return { publicKey, sign: (data, algorithm) => asks.sign(sequence, data, algorithm) };
    if (!ownKey) return null;
    if (!this.#options.ownKey.allowed)
      return refused("policy", "Whoever owns this host does not let the agent use a key of the host.");
    const read = this.#options.ownKey.read();
    return read.ok ? read.key : refused("own-key-unusable", read.why);
  }
}
