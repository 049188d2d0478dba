// Opens the secrets of a script: exactly those it was offered with. They stay in memory.
import { SealError } from "@sallyport/protocol/sealed";
import type { wire } from "@sallyport/protocol/wire";
import { type Outcome, refused } from "../orders/order-gate.ts";

/** @throws SealError when it was not sealed to this process for `executionId`. */
export type Unseal = (sealed: wire.SealedSecret.$Properties, executionId: string) => Buffer;

export type OpenedSecrets = { ok: true; secrets: Record<string, string> } | { ok: false; outcome: Outcome };

/** @param names as the offer said. @param given as the hub sent them. */
export function openSecrets(
  names: readonly string[],
  given: readonly wire.SecretVariable.$Properties[],
  unseal: (sealed: wire.SealedSecret.$Properties) => Buffer,
): OpenedSecrets {
  const secrets: Record<string, string> = {};
  for (const name of names) {
    const sealed = given.find((one) => one.name === name)?.value;
    if (!sealed) return { ok: false, outcome: refused("malformed", `The order lacks the secret ${name}.`) };
    try {
      const value = unseal(sealed);
      secrets[name] = value.toString();
      value.fill(0);
    } catch (error) {
      if (!(error instanceof SealError)) throw error;
      return { ok: false, outcome: refused("secret-unreadable", "A secret of the order is not for this agent process.") };
    }
    if (secrets[name]?.includes("\0"))
      return { ok: false, outcome: refused("malformed", `The secret ${name} holds a NUL byte.`) };
  }
  return { ok: true, secrets };
}
