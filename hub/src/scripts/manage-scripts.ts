// Scripts are made, changed by adding versions, put away and, where nothing was done with them, deleted.
import { createHash } from "node:crypto";
import { newId } from "@sallyport/protocol/ids";
import { and, eq, isNull, or } from "drizzle-orm";
import { changesOf } from "../audit/changes-of.ts";
import { recordAudit } from "../audit/record-audit.ts";
import { type Actor, assertMay, auditActor } from "../identity/actor.ts";
import { isForeignKeyViolation, type Queryable, type Transaction } from "../platform/database.ts";
import { HubError } from "../platform/errors.ts";
import type { ScriptDeps } from "./deps.ts";
import type { AddVersion, ChangeScript, CreateScript } from "./input.ts";
import { checkParameters } from "./parameters.ts";
import { interpreters, type ScriptRow, scripts, scriptVersions } from "./schema.ts";
import { findScript, lockScript, mayChange } from "./scripts.ts";

type Version = Pick<CreateScript, "interpreter" | "body" | "parameters" | "note">;

const subjectOf = ({ id, name }: { id: string; name: string }) => ({ kind: "script" as const, id, name });

/** @throws HubError `bad-parameter`, `bad-input` for an interpreter that is not in the list. */
export async function createScript(deps: ScriptDeps, actor: Actor, input: CreateScript): Promise<string> {
  assertMay(actor, "run.start");
  const now = deps.clock.now();
  const { name, description, visibility, ...version } = input;
  const row = {
    id: newId("scr", now.getTime()),
    orgId: actor.orgId,
    name,
    description,
    visibility,
    ownerId: actor.id,
    latest: 1,
  };
  await deps.db.transaction(async (tx) => {
    await tx.insert(scripts).values({ ...row, createdAt: now, updatedAt: now });
    const hash = await insertVersion(tx, actor, row.id, 1, version, now);
    await recordAudit(tx, {
      kind: "script.created",
      orgId: actor.orgId,
      actor: auditActor(actor),
      subject: subjectOf(row),
      ip: actor.ip,
      data: { visibility, interpreter: version.interpreter, hash },
    });
  });
  deps.changes.announce(actor.orgId, "scripts");
  return row.id;
}

/** @throws HubError `not-found`, `forbidden`, `conflict` when somebody has added another meanwhile, as for createScript(). */
export async function addVersion(deps: ScriptDeps, actor: Actor, { id, after, ...version }: AddVersion): Promise<number> {
  const number = await deps.db.transaction(async (tx) => {
    const script = await lockForChange(tx, actor, id);
    if (script.latest !== after)
      throw new HubError(
        "conflict",
        `Somebody has added version ${script.latest} meanwhile. Look at it, then save yours again.`,
        {
          facts: { latest: script.latest },
        },
      );
    const now = deps.clock.now();
    const next = script.latest + 1;
    const hash = await insertVersion(tx, actor, id, next, version, now);
    await tx.update(scripts).set({ latest: next, updatedAt: now }).where(eq(scripts.id, id));
    await recordAudit(tx, {
      kind: "script.version-added",
      orgId: actor.orgId,
      actor: auditActor(actor),
      subject: subjectOf(script),
      ip: actor.ip,
      data: { number: next, interpreter: version.interpreter, hash },
    });
    return next;
  });
  deps.changes.announce(actor.orgId, "scripts", id);
  return number;
}

/** Name, description, who sees it. What is run is changed by addVersion() alone. @throws HubError `not-found`, `forbidden`. */
export async function changeScript(deps: ScriptDeps, actor: Actor, { id, ...wanted }: ChangeScript): Promise<void> {
  await deps.db.transaction(async (tx) => {
    const script = await lockForChange(tx, actor, id);
    if (wanted.visibility === "private" && script.ownerId !== actor.id)
      throw new HubError("forbidden", "Only its owner makes a script private.", { facts: { permission: "" } });
    const fields = Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined));
    const changes = changesOf(script, fields);
    if (changes.after === "{}") return;
    await tx
      .update(scripts)
      .set({ ...fields, updatedAt: deps.clock.now() })
      .where(eq(scripts.id, id));
    await recordAudit(tx, {
      kind: "script.changed",
      orgId: actor.orgId,
      actor: auditActor(actor),
      subject: subjectOf(script),
      ip: actor.ip,
      data: changes,
    });
  });
  deps.changes.announce(actor.orgId, "scripts", id);
}

/** A private copy of the newest version, the actor's own. @throws HubError `not-found`. */
export async function duplicateScript(deps: ScriptDeps, actor: Actor, id: string, name: string): Promise<string> {
  const { script, version } = await findScript(deps.db, actor, id);
  const { interpreter, body, parameters } = version;
  const note = `From ${script.name}, version ${version.number}`.slice(0, 500);
  return createScript(deps, actor, {
    name,
    description: script.description,
    visibility: "private",
    interpreter,
    body,
    parameters,
    note,
  });
}

/** @throws HubError `not-found`, `forbidden`. */
export async function archiveScript(deps: ScriptDeps, actor: Actor, id: string, archived: boolean): Promise<void> {
  await deps.db.transaction(async (tx) => {
    const script = await lockForChange(tx, actor, id);
    if ((script.archivedAt !== null) === archived) return;
    await tx
      .update(scripts)
      .set({ archivedAt: archived ? deps.clock.now() : null })
      .where(eq(scripts.id, id));
    await recordAudit(tx, {
      kind: archived ? "script.archived" : "script.unarchived",
      orgId: actor.orgId,
      actor: auditActor(actor),
      subject: subjectOf(script),
      ip: actor.ip,
      data: {},
    });
  });
  deps.changes.announce(actor.orgId, "scripts", id);
}

/** @throws HubError `not-found`, `forbidden`, `script-in-use` when something was run with it: that record stays, so the script does. */
export async function deleteScript(deps: ScriptDeps, actor: Actor, id: string): Promise<void> {
  await deps.db
    .transaction(async (tx) => {
      const script = await lockForChange(tx, actor, id);
      await tx.delete(scripts).where(eq(scripts.id, id));
      await recordAudit(tx, {
        kind: "script.deleted",
        orgId: actor.orgId,
        actor: auditActor(actor),
        subject: subjectOf(script),
        ip: actor.ip,
        data: { versions: script.latest },
      });
    })
    .catch((error) => {
      throw isForeignKeyViolation(error)
        ? new HubError(
            "script-in-use",
            "Runs or tasks use this script. Archive it instead: it leaves the lists and its record stays.",
          )
        : error;
    });
  deps.changes.announce(actor.orgId, "scripts", id);
}

async function lockForChange(tx: Transaction, actor: Actor, id: string): Promise<ScriptRow> {
  const script = await lockScript(tx, actor, id);
  if (!mayChange(actor, script)) assertMay(actor, "scripts.manage");
  return script;
}

/** Returns the body's hash. */
async function insertVersion(
  tx: Transaction,
  actor: Actor,
  scriptId: string,
  number: number,
  { interpreter, body, parameters, note }: Version,
  now: Date,
): Promise<string> {
  checkParameters(parameters);
  await assertKnownInterpreter(tx, actor.orgId, interpreter);
  const hash = createHash("sha256").update(body).digest("hex");
  await tx
    .insert(scriptVersions)
    .values({ scriptId, number, interpreter, body, hash, parameters, note, authorId: actor.id, createdAt: now });
  return hash;
}

/** @throws HubError `bad-input` naming it. */
export async function assertKnownInterpreter(db: Queryable, orgId: string, program: string): Promise<void> {
  const [known] = await db
    .select({ id: interpreters.id })
    .from(interpreters)
    .where(and(eq(interpreters.program, program), or(isNull(interpreters.orgId), eq(interpreters.orgId, orgId))))
    .limit(1);
  if (known === undefined)
    throw new HubError("bad-input", `The request is not right: interpreter ${program} is not one this organisation has.`, {
      facts: { fields: `interpreter ${program} is not one this organisation has` },
    });
}
