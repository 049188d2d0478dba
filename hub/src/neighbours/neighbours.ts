// Neighbours: what a connection to a host that an agent reaches needs of the hub while it is being made: the account's secret, sealed or signed
// with, and a word on the host's key. Knows neither terminals nor scripts, and decides nothing about who may connect (access).
//
//   order ──► agent ──► host key? ──► judged, on record ──► signature? ──► read, then signed, once ──► outcome: forgotten
import { seal } from "@sallyport/protocol/sealed";
import type { wire } from "@sallyport/protocol/wire";
import type { Authorization } from "../access/authorize.ts";
import { accountsOf } from "../assets/account-choice.ts";
import { readSecret } from "../assets/account-secrets.ts";
import type { AssetDeps } from "../assets/deps.ts";
import { type HostKeyPolicy, type HostKeyVerdict, hostKeysOf, judgeHostKey } from "../assets/host-keys.ts";
import type { AccountRow, AssetRow } from "../assets/schema.ts";
import { readPrivateKey, type Secret, type SigningKey } from "../assets/secret.ts";
import type { AgentLinks } from "../fleet/links.ts";
import { HubError } from "../platform/errors.ts";
import { errorFields, type Log } from "../platform/log.ts";
import { readAuthRequest } from "./auth-request.ts";
import { asNotReached } from "./not-reached.ts";

/** What a person typed for an account that asks. */
export type Login = { username?: string | undefined; password?: string | undefined };

export type NeighbourDeps = Pick<AssetDeps, "db" | "clock" | "vault"> & {
  log: Log;
  links: AgentLinks;
  hostKeyPolicy: HostKeyPolicy;
};

/** One connection being made. */
type Connecting = {
  asset: AssetRow;
  username: string;
  key: SigningKey | null;
  signed: boolean;
  /** The last word on a key that was not trusted. */
  refused: Extract<HostKeyVerdict, { trusted: false }> | null;
};

export type Neighbour = { username: string; target: wire.SshTarget.$Properties; connecting: Connecting };

/** Connections being made, by agent and order. Each is bounded by its order's deadline. */
export class Neighbours {
  readonly #connecting = new Map<string, Connecting>();
  readonly #deps: NeighbourDeps;

  constructor(deps: NeighbourDeps) {
    this.#deps = deps;
  }

  /**
   * Everything an agent needs to sign in there, for one session (`subjectId`) and this agent's process alone.
   *
   * @throws HubError `secret-needed` or `username-needed` when the person has to say it, `no-secret`, `no-account`.
   */
  async prepare(
    { actor, target, as }: Authorization,
    { agentId, subjectId, login }: { agentId: string; subjectId: string; login: Login | undefined },
  ): Promise<Neighbour> {
    const { db, vault } = this.#deps;
    const { asset } = target;
    if (as.choice === "@agent") return this.#withOwnKey(asset, login?.username ?? "");
    const vaulted = async (account: AccountRow) => ({ username: account.username, secret: await readSecret(db, vault, account) });
    const usable = (await accountsOf(db, asset.id)).filter(({ active }) => active);
    const account =
      as.choice === "@same-name" ? (usable.find(({ username }) => username === actor.username) ?? null) : as.account;
    const suFromId = account?.suFromId ?? null;
    const suFrom = usable.find(({ id }) => id === suFromId) ?? null;
    if (suFromId !== null && suFrom === null)
      throw new HubError(
        "no-account",
        `${account?.username} is reached by su from an account that is gone or switched off. An administrator of assets can change that.`,
      );
    const final = account === null ? asked(as.choice, actor.username, login) : await vaulted(account);
    if (suFrom === null) return this.prepareFor(asset, final, { agentId, subjectId });
    if (final.secret.kind !== "password")
      throw new HubError("no-secret", `su asks for a password, and ${final.username} has a key.`, {
        facts: { account: final.username },
      });
    const first = await this.prepareFor(asset, await vaulted(suFrom), { agentId, subjectId });
    const su = { username: final.username, password: this.seal(Buffer.from(final.secret.password), { agentId, subjectId }) };
    return { ...first, username: final.username, target: { ...first.target, su } };
  }

  /**
   * The same for one account whose secret is at hand, for one session or execution.
   *
   * @throws HubError `no-protocol`, `bad-key`, `agent-refused` for an agent that nothing can be sealed to.
   */
  async prepareFor(
    asset: AssetRow,
    { username, secret }: { username: string; secret: Secret },
    order: { agentId: string; subjectId: string },
  ): Promise<Neighbour> {
    const key = secret.kind === "ssh-key" ? readPrivateKey(secret) : null;
    return {
      username,
      target: {
        ...(await this.#targetOf(asset, username)),
        ...(key === null ? {} : { publicKey: key.publicKey }),
        ...(secret.kind === "password" ? { password: this.seal(Buffer.from(secret.password), order) } : {}),
      },
      connecting: { asset, username, key, signed: false, refused: null },
    };
  }

  /** The agent signs in with the key of its host, of which the hub has nothing to give. */
  async #withOwnKey(asset: AssetRow, username: string): Promise<Neighbour> {
    if (username === "")
      throw new HubError("username-needed", `The agent's key may open several accounts of ${asset.name}. Say which.`, {
        facts: { asset: asset.name },
      });
    const target = { ...(await this.#targetOf(asset, username)), ownKey: true };
    return { username, target, connecting: { asset, username, key: null, signed: false, refused: null } };
  }

  /** @throws HubError `no-protocol`. */
  async #targetOf(asset: AssetRow, username: string): Promise<wire.SshTarget.$Properties> {
    const port = sshPortOf(asset);
    const trusted = (await hostKeysOf(this.#deps.db, asset.id)).filter(({ state }) => state === "trusted");
    return {
      host: asset.address,
      port,
      username,
      hostKeys: trusted.map((row) => Buffer.from(row.key, "base64")),
      legacyAlgorithms: asset.legacyAlgorithms,
    };
  }

  /** From now on the agent's questions about this order are answered. The returned function ends that. */
  begin(agentId: string, sequence: number, connecting: Connecting): () => void {
    const key = `${agentId}/${sequence}`;
    this.#connecting.set(key, connecting);
    return () => this.#connecting.delete(key);
  }

  /** Why the order failed, in the words of who knows it best: the hub of host keys, the agent of everything else. */
  reasonOf({ username, connecting }: Neighbour, error: unknown): unknown {
    if (!(error instanceof HubError) || error.code !== "agent-refused") return error;
    const reason = String(error.facts["reason"] ?? "");
    const { name } = connecting.asset;
    if (reason === "host-key-refused" && connecting.refused !== null) {
      const { offered, pinned } = connecting.refused;
      return new HubError(
        "host-key-refused",
        pinned.length === 0
          ? `${name} shows the host key ${offered}, which nobody has trusted yet. An administrator of assets decides about it.`
          : `${name} shows the host key ${offered} instead of ${pinned.join(" or ")}. Either the host was installed anew, or somebody stands between. An administrator of assets decides about it.`,
        { facts: { asset: name, offered, pinned: pinned.join(", ") }, cause: error },
      );
    }
    if (reason === "authentication-failed")
      return new HubError("sign-in-failed", `${name} does not let ${username} in: ${error.message}`, {
        facts: { asset: name, account: username },
        cause: error,
      });
    if (ownKeyRefusals.has(reason))
      return new HubError("no-own-key", `The agent cannot use the key of its host: ${error.message}`, {
        facts: { reason },
        cause: error,
      });
    return asNotReached(error, connecting.asset);
  }

  async onHostKey(agentId: string, { sequence = 0, key }: wire.SshHostKey.$Properties): Promise<void> {
    const { db, clock, links, log, hostKeyPolicy } = this.#deps;
    const connecting = this.#connecting.get(`${agentId}/${sequence}`);
    let verdict: HostKeyVerdict = { trusted: false, offered: "", pinned: [] };
    if (connecting !== undefined) {
      try {
        verdict = await judgeHostKey({ db, clock }, connecting.asset, Buffer.from(key ?? []), hostKeyPolicy);
      } catch (error) {
        log.error({ agent: agentId, ...errorFields(error) }, "host key not judged");
      }
      connecting.refused = verdict.trusted ? null : verdict;
    }
    links.get(agentId)?.send({ hostKeyVerdict: { sequence: sequence ?? 0, trusted: verdict.trusted } });
  }

  onSignRequest(agentId: string, { sequence = 0, data, algorithm }: wire.SignRequest.$Properties): void {
    const connecting = this.#connecting.get(`${agentId}/${sequence}`);
    const answer = (reply: { signature: Buffer } | { refused: string }) =>
      this.#deps.links.get(agentId)?.send({ signAnswer: { sequence: sequence ?? 0, ...reply } });
    if (connecting === undefined || connecting.key === null) return void answer({ refused: "Nothing waits for this signature." });
    if (connecting.signed) return void answer({ refused: "One signature is given for a connection." });
    const { key, username, asset } = connecting;
    const request = readAuthRequest(Buffer.from(data ?? []));
    if (
      request === null ||
      request.username !== username ||
      !request.publicKey.equals(key.publicKey) ||
      request.algorithm !== algorithm
    )
      return void answer({ refused: "These are not the bytes that sign this account in." });
    if (!maySignAs(key.type, request.algorithm, asset.legacyAlgorithms))
      return void answer({ refused: `The algorithm ${request.algorithm.slice(0, 64)} is not used with this key.` });
    connecting.signed = true;
    answer({ signature: key.sign(request.bytes, hashOf(request.algorithm)) });
  }

  /**
   * For one session or execution and this agent's process alone. Wipes what it is given.
   *
   * @throws HubError `agent-refused` for an agent that nothing can be sealed to.
   */
  seal(secret: Buffer, { agentId, subjectId }: { agentId: string; subjectId: string }): wire.SealedSecret.$Properties {
    const sealingKey = this.#deps.links.processOf(agentId)?.sealingKey ?? null;
    if (sealingKey === null)
      throw new HubError("agent-refused", "The agent names no key to seal a password to. A newer agent does.", {
        facts: { reason: "no-sealing-key" },
      });
    const sealed = seal(secret, sealingKey, { agentId, subjectId });
    secret.fill(0);
    return sealed;
  }
}

/** The agent's words for a key of its own host that may not be used, or is of no use (SPEC.md §4). */
const ownKeyRefusals: ReadonlySet<string> = new Set(["policy", "own-key-unusable"]);

/** @throws HubError `no-protocol`. */
export function sshPortOf(asset: Pick<AssetRow, "name" | "protocols">): number {
  const port = asset.protocols.find(({ name }) => name === "ssh")?.port;
  if (port !== undefined) return port;
  throw new HubError("no-protocol", `${asset.name} offers no SSH. Add the protocol to the asset.`, {
    facts: { asset: asset.name },
  });
}

/** What the person said for an account that is not in the vault. */
function asked(choice: string, ownName: string, login: Login | undefined): { username: string; secret: Secret } {
  const username = choice === "@same-name" ? ownName : (login?.username ?? "");
  if (login?.password === undefined || username === "")
    throw new HubError("secret-needed", "This account asks for its user name and password each time.", {
      facts: { username: choice === "@same-name" ? ownName : "" },
    });
  return { username, secret: { kind: "password", password: login.password } };
}

/** An RSA key signs with SHA-2; with SHA-1 only where old devices are accepted. */
const maySignAs = (type: string, algorithm: string, legacy: boolean): boolean =>
  type === "ssh-rsa"
    ? algorithm === "rsa-sha2-512" || algorithm === "rsa-sha2-256" || (legacy && algorithm === "ssh-rsa")
    : algorithm === type;

/** ssh2 signs RSA with SHA-1 unless told otherwise; of other keys the hash follows from the key. */
const hashOf = (algorithm: string): string | undefined =>
  algorithm === "rsa-sha2-512" ? "sha512" : algorithm === "rsa-sha2-256" ? "sha256" : undefined;
