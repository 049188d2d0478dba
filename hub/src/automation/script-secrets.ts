// The secrets of accounts that a script gets in its environment. A script can print what it is given, and what hides it there is no wall: to start one
// with a secret is to be shown it. So it takes the permission to reveal secrets, of the person in whose name it runs, at the start and again when the
// secret leaves the vault.
import { scriptSecretsMax } from "@sallyport/protocol/limits";
import type { wire } from "@sallyport/protocol/wire";
import { readSecret } from "../assets/account-secrets.ts";
import { findAccount } from "../assets/manage-accounts.ts";
import { recordAudit } from "../audit/record-audit.ts";
import { type Actor, may } from "../identity/actor.ts";
import { findMember } from "../identity/members.ts";
import type { Queryable } from "../platform/database.ts";
import { HubError } from "../platform/errors.ts";
import type { AutomationDeps } from "./deps.ts";
import type { ExecutionRow, RunRow } from "./schema.ts";

/** @param secrets by the variable's name, the account. @throws HubError `forbidden`, `bad-parameter` for an account that is gone or too many. */
export async function assertMayUseSecrets(db: Queryable, actor: Actor, secrets: Record<string, string>): Promise<void> {
  const named = Object.entries(secrets);
  if (named.length === 0) return;
  if (!may(actor, "secrets.reveal"))
    throw new HubError(
      "forbidden",
      "This script is given the secret of an account and could print it. Only who may reveal secrets may start it, or own the task that does.",
      { facts: { permission: "secrets.reveal" } },
    );
  if (named.length > scriptSecretsMax)
    throw new HubError("bad-parameter", `A script gets at most ${scriptSecretsMax} secrets.`, {
      facts: { parameter: "", what: `are more than ${scriptSecretsMax} secrets` },
    });
  for (const [variable, id] of named) if ((await findAccount(db, actor.orgId, id))?.active !== true) throw gone(variable);
}

/**
 * The newest version of a script is whatever somebody wrote last. Where that is a person who may not be shown secrets, it gets none for others: they
 * name the version that they have read.
 *
 * @throws HubError `forbidden`.
 */
export async function assertTrustedVersion(
  db: Queryable,
  actor: Actor,
  { authorId, number }: { authorId: string; number: number },
): Promise<void> {
  if (authorId === actor.id) return;
  const author = await findMember(db, actor.orgId, authorId);
  if (author?.permissions.includes("secrets.reveal")) return;
  throw new HubError(
    "forbidden",
    `The newest version of this script, ${number}, was written by somebody who may not be shown secrets. Read it and choose it by its number.`,
    { facts: { permission: "secrets.reveal" } },
  );
}

const gone = (variable: string) =>
  new HubError("bad-parameter", `The parameter ${variable} names no account of the vault that is in use.`, {
    facts: { parameter: variable, what: "names no account of the vault" },
  });

/**
 * Sealed for one execution and this agent's process alone. On record before they are given.
 *
 * @param person in whose name it runs; the caller has asked whether he may.
 * @throws HubError `bad-parameter` for an account that is gone, `no-secret`, `agent-refused`.
 */
export async function sealSecrets(
  { db, vault, neighbours }: Pick<AutomationDeps, "db" | "vault" | "neighbours">,
  person: { id: string; name: string },
  run: Pick<RunRow, "id" | "orgId" | "secrets" | "address">,
  execution: Pick<ExecutionRow, "id"> & { agentId: string },
): Promise<wire.SecretVariable.$Properties[]> {
  const sealed: wire.SecretVariable.$Properties[] = [];
  for (const [name, id] of Object.entries(run.secrets)) {
    const account = await findAccount(db, run.orgId, id);
    if (account === null) throw gone(name);
    const secret = await readSecret(db, vault, account);
    await db.transaction((tx) =>
      recordAudit(tx, {
        kind: "account.secret-used",
        orgId: run.orgId,
        actor: { id: person.id, name: person.name },
        subject: { kind: "account", id: account.id, name: account.username },
        ip: run.address,
        data: { assetId: account.assetId, version: account.version, runId: run.id, executionId: execution.id, variable: name },
      }),
    );
    const value = Buffer.from(secret.kind === "password" ? secret.password : secret.privateKey);
    sealed.push({ name, value: neighbours.seal(value, { agentId: execution.agentId, subjectId: execution.id }) });
  }
  return sealed;
}
