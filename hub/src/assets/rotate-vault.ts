// A new key for the vault: everything sealed is wrapped with it, and the old keys go when nothing needs them.
//
//   begin: event, key file ──► some rows, some rows, … ──► event ──► an hour without need ──► old key files removed
//                                   ▲ killed: the rows say which key they have, and the next start goes on here
import type { AuditActor } from "../audit/events.ts";
import { recordAudit } from "../audit/record-audit.ts";
import { type Actor, auditActor } from "../identity/actor.ts";
import { freshMfa } from "../identity/fresh-mfa.ts";
import { assertSystem } from "../identity/manage-organisations.ts";
import type { Changes } from "../platform/changes.ts";
import type { Database } from "../platform/database.ts";
import { HubError } from "../platform/errors.ts";
import { errorFields, type Log } from "../platform/log.ts";
import type { SealedRows } from "../platform/sealed-rows.ts";
import type { Vault } from "../platform/vault.ts";

/** `keys`: how many are still kept, the current one included. */
export type RotationState = { key: number; running: boolean; done: number; total: number; keys: number; failed: boolean };

/** The vault is the whole hub's. @throws HubError `forbidden`, `confirm-first`, `conflict`. */
export function rotateVault(rotation: VaultRotation, actor: Actor, now: Date): Promise<RotationState> {
  assertSystem(actor);
  freshMfa(actor, now);
  return rotation.begin({ actor: auditActor(actor), ip: actor.ip });
}

export type RotationDeps = {
  db: Database;
  vault: Vault;
  log: Log;
  changes: Changes;
  sealed: readonly SealedRows[];
  orgId: string;
};

/** How often old keys are looked at. A value sealed with one is long committed by the second look that finds none. */
export const lookAtOldKeysEveryMs = 3_600_000;

export class VaultRotation {
  readonly #deps: RotationDeps;
  #done = 0;
  #total = 0;
  #failed = false;
  #working: Promise<void> | null = null;
  #closing = false;
  /** The lowest key that the last look found in need; 0 while this process may still commit what it sealed with an older one. */
  #lowestSeen = 0;

  constructor(deps: RotationDeps) {
    this.#deps = deps;
  }

  get state(): RotationState {
    const { vault } = this.#deps;
    return {
      key: vault.current,
      running: this.#working !== null,
      done: this.#done,
      total: this.#total,
      keys: vault.keyNumbers.length,
      failed: this.#failed,
    };
  }

  /** At the start of a hub: what was not finished goes on. This process never sealed with an older key, so those go as soon as no row needs them. */
  async resume(): Promise<void> {
    this.#lowestSeen = this.#deps.vault.current;
    if ((await this.#left()) > 0) await this.#work();
    else await this.removeOldKeys();
  }

  /**
   * Makes a key and begins to wrap everything with it. Resolves once that has begun; {@link state} says how far it is.
   *
   * @throws HubError `conflict` while a rotation runs.
   */
  async begin(by: { actor: AuditActor; ip: string | null }): Promise<RotationState> {
    const { db, vault, orgId } = this.#deps;
    if (this.#working !== null)
      throw new HubError("conflict", "The vault's key is being changed already. Wait until that is done.");
    await db.transaction(async (tx) => {
      await recordAudit(tx, { kind: "vault.key-added", orgId, ...by, subject: null, data: { key: vault.current + 1 } });
      // Before the commit: an event without a key would claim what did not happen, a key without one is only never the lowest.
      vault.addKey();
      this.#lowestSeen = 0;
    });
    await this.#work();
    return this.state;
  }

  /** Removes the keys that nothing needed at the last look and nothing needs now. */
  async removeOldKeys(): Promise<void> {
    const lowest = await this.#lowestInNeed();
    this.#deps.vault.removeKeysBelow(Math.min(lowest, this.#lowestSeen));
    this.#lowestSeen = lowest;
  }

  /** Resolves when nothing is being wrapped. */
  async settled(): Promise<void> {
    await this.#working;
  }

  async close(): Promise<void> {
    this.#closing = true;
    await this.settled();
  }

  async #work(): Promise<void> {
    this.#done = 0;
    this.#failed = false;
    this.#total = await this.#left();
    this.#working = this.#rewrapAll()
      .catch((error: unknown) => {
        this.#failed = true;
        this.#deps.log.error(errorFields(error), "the vault's key was not changed everywhere; the next start goes on");
      })
      .finally(() => {
        this.#working = null;
        this.#deps.changes.announce(null, "storage");
      });
  }

  async #rewrapAll(): Promise<void> {
    const { db, vault, sealed, orgId } = this.#deps;
    for (const rows of sealed)
      for (let some = await rows.rewrapSome(); some > 0 && !this.#closing; some = await rows.rewrapSome()) this.#done += some;
    if (this.#closing) return;
    await db.transaction((tx) =>
      recordAudit(tx, {
        kind: "vault.rewrapped",
        orgId,
        actor: null,
        subject: null,
        ip: null,
        data: { key: vault.current, secrets: this.#done },
      }),
    );
    if (this.#lowestSeen === vault.current) await this.removeOldKeys();
  }

  async #left(): Promise<number> {
    const counts = await Promise.all(this.#deps.sealed.map((rows) => rows.countBelow(this.#deps.vault.current)));
    return counts.reduce((sum, n) => sum + n, 0);
  }

  async #lowestInNeed(): Promise<number> {
    const lowest = await Promise.all(this.#deps.sealed.map((rows) => rows.lowestKey()));
    return Math.min(this.#deps.vault.current, ...lowest.filter((key) => key !== null));
  }
}
