// A kept file is deleted, by a person or because nobody went on with its upload.
import { eq } from "drizzle-orm";
import { recordAudit } from "../audit/record-audit.ts";
import { type Actor, assertMay, auditActor } from "../identity/actor.ts";
import { HubError } from "../platform/errors.ts";
import type { FileDeps } from "./deps.ts";
import { abandonedBefore, knownIds, lockFile, mayRemove } from "./files.ts";
import { type KeptFileRow, keptFiles } from "./schema.ts";
import { subjectOf } from "./upload-file.ts";

/** @throws HubError `not-found`, `forbidden`, `file-in-use` while a run that has not ended, a task or a request needs it. */
export async function removeFile(deps: FileDeps, actor: Actor, id: string): Promise<void> {
  await deps.db.transaction(async (tx) => {
    const file = await lockFile(tx, actor, id);
    if (!mayRemove(actor, file)) assertMay(actor, "scripts.manage");
    const uses = (await deps.usesOf(tx, actor.orgId, [id])).get(id) ?? 0;
    if (uses > 0)
      throw new HubError(
        "file-in-use",
        `${uses} runs, tasks or requests need this file. It can be deleted when they have ended or use another.`,
        {
          facts: { uses },
        },
      );
    await tx.delete(keptFiles).where(eq(keptFiles.id, id));
    await recordAudit(tx, {
      kind: "file.deleted",
      orgId: actor.orgId,
      actor: auditActor(actor),
      subject: subjectOf(file),
      ip: actor.ip,
      data: { sizeBytes: file.sizeBytes, sha256: file.sha256 ?? "" },
    });
  });
  // After the commit: bytes without a row are swept up, a row without bytes would be a promise nobody can keep.
  await deps.store.remove(id);
  deps.changes.announce(actor.orgId, "files", id);
}

/** A night and a working day: who wants to go on does it by then. */
const abandonedAfterMs = 24 * 3_600_000;
/** At a time; the rest an hour later. */
const removedAtOnce = 200;

/** Every hour: uploads that nobody went on with, and bytes whose row is gone because the hub was killed in between. */
export async function removeAbandonedUploads(deps: FileDeps): Promise<void> {
  const before = new Date(deps.clock.now().getTime() - abandonedAfterMs);
  for (const file of await abandonedBefore(deps.db, before, removedAtOnce)) await removeAbandoned(deps, file);
  const lying = await deps.store.ids();
  const known = await knownIds(deps.db, lying);
  for (const id of lying) if (!known.has(id)) await deps.store.remove(id);
}

async function removeAbandoned(deps: FileDeps, file: KeptFileRow): Promise<void> {
  await deps.db.transaction(async (tx) => {
    await tx.delete(keptFiles).where(eq(keptFiles.id, file.id));
    await recordAudit(tx, {
      kind: "file.deleted",
      orgId: file.orgId,
      actor: null,
      subject: subjectOf(file),
      ip: null,
      data: { sizeBytes: file.sizeBytes, sha256: "" },
    });
  });
  await deps.store.remove(file.id);
  deps.changes.announce(file.orgId, "files", file.id);
}
