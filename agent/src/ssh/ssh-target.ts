// Reads an order's SshTarget: checked once, so that nothing behind it has to ask again. Pure, but for the opening of its secrets.
import type { KeyObject } from "node:crypto";
import { hostKeyBytesMax, hostKeysMax, secretLinesMax } from "@sallyport/protocol/limits";
import { SealError, unseal } from "@sallyport/protocol/sealed";
import type { wire } from "@sallyport/protocol/wire";
import { type Outcome, refused } from "../orders/order-gate.ts";

/** An asset has one address of its own, at most a few. */
const allowedMax = 16;

const usernameBytesMax = 255;
/** No shell reads anything but a name into it. */
const suUsername = /^[a-z_][a-z0-9_.-]{0,31}\$?$/;

export type SshTarget = {
  host: string;
  port: number;
  allowed: string[];
  connectTimeoutMs: number;
  username: string;
  hostKeys: Uint8Array[];
  publicKey: Uint8Array | null;
  /** Signs in with the key of this host, and with nothing of the order's. */
  ownKey: boolean;
  /** Wiped by who used it. */
  password: Buffer | null;
  legacyAlgorithms: boolean;
  su: { username: string; password: Buffer } | null;
};

export type ReadTarget = { ok: true; target: SshTarget } | { ok: false; outcome: Outcome };

/** Whose secrets an order's may be: this agent process's, for that session or execution. */
export type Opener = { sealingKey: KeyObject; agentId: string; subjectId: string };

const open = (sealed: wire.SealedSecret.$Properties, { sealingKey, agentId, subjectId }: Opener): Buffer =>
  unseal(sealed, sealingKey, { agentId, subjectId });

const unreadable = refused("secret-unreadable", "A secret of the order is not for this agent process. Try again.");

/** What a command is given on stdin before all else; wiped by who used it. Null: nothing. */
export function readSecretLines(
  sealed: readonly wire.SealedSecret.$Properties[],
  opener: Opener,
): { ok: true; lines: Buffer | null } | { ok: false; outcome: Outcome } {
  if (sealed.length === 0) return { ok: true, lines: null };
  if (sealed.length > secretLinesMax)
    return { ok: false, outcome: refused("malformed", `The order holds more than ${secretLinesMax} secret lines.`) };
  const secrets: Buffer[] = [];
  try {
    for (const one of sealed) secrets.push(open(one, opener));
    return { ok: true, lines: Buffer.concat(secrets.flatMap((secret) => [secret, Buffer.from("\n")])) };
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    return { ok: false, outcome: unreadable };
  } finally {
    for (const secret of secrets) secret.fill(0);
  }
}

export function readSshTarget(order: wire.SshTarget.$Properties, opener: Opener): ReadTarget {
  const malformed = (message: string): ReadTarget => ({ ok: false, outcome: refused("malformed", message) });
  const username = order.username ?? "";
  if (username === "" || Buffer.byteLength(username) > usernameBytesMax || username.includes("\0"))
    return malformed("The order names no account of the neighbour.");
  const hostKeys = (order.hostKeys ?? []).slice(0, hostKeysMax);
  const publicKey = order.publicKey?.length ? order.publicKey : null;
  if ([...hostKeys, ...(publicKey === null ? [] : [publicKey])].some(({ length }) => length > hostKeyBytesMax))
    return malformed(`The order holds a key of more than ${hostKeyBytesMax} bytes.`);
  const ownKey = order.ownKey === true;
  if (ownKey && (publicKey !== null || order.password || order.su))
    return malformed("The order asks for this host's own key and brings another secret.");
  const suName = order.su?.username ?? "";
  if (order.su && !suUsername.test(suName)) return malformed("The order's second account has a name that no shell should read.");
  try {
    const password = order.password ? open(order.password, opener) : null;
    if (password === null && publicKey === null && !ownKey)
      return malformed("The order has neither a key nor a password for the account.");
    const su = order.su ? { username: suName, password: open(order.su.password ?? {}, opener) } : null;
    const target = {
      host: order.host ?? "",
      port: order.port ?? 0,
      allowed: (order.allowed ?? []).slice(0, allowedMax),
      connectTimeoutMs: order.connectTimeoutMs ?? 0,
      username,
      hostKeys,
      publicKey,
      ownKey,
      password,
      legacyAlgorithms: order.legacyAlgorithms === true,
      su,
    };
    return { ok: true, target };
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    return { ok: false, outcome: unreadable };
  }
}

/** Nothing of the secrets is left where they were. */
export function wipe(target: SshTarget): void {
  target.password?.fill(0);
  target.su?.password.fill(0);
}
