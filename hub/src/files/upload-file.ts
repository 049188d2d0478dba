// An upload: begun with a name and a size, sent in pieces at offsets that the hub says, finished when all of it is there.
//
//   begin ──► uploading ──piece at storedBytes──► uploading ──finish──► ready
//                 └── nobody goes on with it for a day ──► removed
import { addAbortSignal, type Readable } from "node:stream";
import { newId } from "@sallyport/protocol/ids";
import { and, eq, sql } from "drizzle-orm";
import { recordAudit } from "../audit/record-audit.ts";
import { type Actor, assertMay, auditActor } from "../identity/actor.ts";
import { HubError, notFound } from "../platform/errors.ts";
import type { FileDeps } from "./deps.ts";
import { bytesOf, findFile, lockFile } from "./files.ts";
import type { BeginUpload, FinishUpload } from "./input.ts";
import { type KeptFileRow, keptFiles } from "./schema.ts";

/** At once, of one person: a folder's worth. Each holds a part of the quota. */
const uploadsPerPersonMax = 50;

export const subjectOf = ({ id, name }: { id: string; name: string }) => ({ kind: "file" as const, id, name });

/** @throws HubError `forbidden`, `storage-full`, `quota-reached`, `too-many`. */
export async function beginUpload(deps: FileDeps, actor: Actor, { name, sizeBytes, visibility }: BeginUpload): Promise<string> {
  assertMay(actor, "run.start");
  deps.room.assertMayBegin();
  if (sizeBytes >= deps.room.freeBytes)
    throw new HubError(
      "storage-full",
      "There is no room for this file on the hub's disk. Free some space, or keep a smaller one.",
    );
  const now = deps.clock.now();
  const row = { id: newId("fil", now.getTime()), orgId: actor.orgId, name, visibility, sizeBytes, ownerId: actor.id };
  await deps.store.begin(row.id);
  try {
    await deps.db.transaction(async (tx) => {
      // Two that begin together must see each other's size.
      await tx.execute(sql`select pg_advisory_xact_lock(hashtext(${`kept-files/${actor.orgId}`}))`);
      const held = await bytesOf(tx, actor.orgId);
      if (held + sizeBytes > deps.quotaBytes)
        throw new HubError("quota-reached", `The files of an organisation together are at most ${deps.quotaBytes} bytes.`, {
          facts: { most: deps.quotaBytes, held },
        });
      const coming = await tx.$count(keptFiles, and(eq(keptFiles.ownerId, actor.id), eq(keptFiles.state, "uploading")));
      if (coming >= uploadsPerPersonMax)
        throw new HubError("too-many", `You have ${coming} uploads that are not finished. Finish or delete one first.`, {
          facts: { most: uploadsPerPersonMax },
        });
      await tx.insert(keptFiles).values({ ...row, state: "uploading", createdAt: now, touchedAt: now });
      await recordAudit(tx, {
        kind: "file.upload-begun",
        orgId: actor.orgId,
        actor: auditActor(actor),
        subject: subjectOf(row),
        ip: actor.ip,
        data: { sizeBytes, visibility },
      });
    });
  } catch (error) {
    await deps.store.remove(row.id);
    throw error;
  }
  deps.changes.announce(actor.orgId, "files", row.id);
  return row.id;
}

/**
 * Takes one piece. A sender that was cut off and comes again ends its earlier connection.
 *
 * @param piece bytes as they come; when it fails in the middle, what came before counts.
 * @returns where the next piece belongs.
 * @throws HubError `not-found`, `wrong-offset` with where to go on, `storage-full`, `conflict` for one that is ready.
 */
export async function takePiece(deps: FileDeps, actor: Actor, id: string, offset: number, piece: Readable): Promise<number> {
  await ownUpload(deps, actor, id);
  const hold = await deps.store.hold(id);
  try {
    const file = await ownUpload(deps, actor, id);
    if (offset !== file.storedBytes) throw wrongOffset(file.storedBytes);
    deps.room.assertMayBegin();
    addAbortSignal(hold.signal, piece);
    return await deps.store.write(id, counted(deps, piece), {
      offset,
      end: file.sizeBytes,
      onStored: async (storedBytes) => {
        await deps.db.update(keptFiles).set({ storedBytes, touchedAt: deps.clock.now() }).where(eq(keptFiles.id, id));
      },
    });
  } catch (error) {
    throw hold.signal.aborted ? new HubError("conflict", "This upload goes on over another connection.") : error;
  } finally {
    hold.release();
  }
}

/** Ends early when the disk has no more to give. */
async function* counted({ room }: FileDeps, piece: Readable): AsyncGenerator<Buffer> {
  for await (const bytes of piece) {
    const part: Buffer = bytes;
    if (room.state !== "ok")
      throw new HubError("storage-full", "The hub's disk is full. The upload goes on from here once there is room.");
    room.took(part.length);
    yield part;
  }
}

const wrongOffset = (offset: number): HubError =>
  new HubError("wrong-offset", `The next piece of this file belongs at ${offset}.`, { facts: { offset } });

async function ownUpload({ db }: FileDeps, actor: Actor, id: string): Promise<KeptFileRow> {
  assertMay(actor, "run.start");
  const { file } = await findFile(db, actor, id);
  if (file.ownerId !== actor.id) throw notFound("file");
  if (file.state === "ready") throw new HubError("conflict", "This file is complete; a changed one is a file of its own.");
  return file;
}

/**
 * All of it is there. Said twice, the second time changes nothing.
 *
 * @throws HubError `not-found`, `wrong-offset` while some is missing, `wrong-hash`: then the upload starts over from 0.
 */
export async function finishUpload(deps: FileDeps, actor: Actor, { id, sha256 }: FinishUpload): Promise<KeptFileRow> {
  const { file } = await findFile(deps.db, actor, id);
  if (file.ownerId !== actor.id) throw notFound("file");
  if (file.state === "ready" && (sha256 === undefined || sha256 === file.sha256)) return file;
  if (file.state === "ready") throw wrongHash(sha256 ?? "", file.sha256 ?? "");
  assertMay(actor, "run.start");
  if (file.storedBytes !== file.sizeBytes || deps.store.isHeld(id)) throw wrongOffset(file.storedBytes);
  const found = await deps.store.hash(id);
  if (sha256 !== undefined && sha256 !== found) {
    await deps.db.update(keptFiles).set({ storedBytes: 0 }).where(eq(keptFiles.id, id));
    throw wrongHash(sha256, found);
  }
  await deps.store.keep(id);
  const ready = await deps.db.transaction(async (tx) => {
    const locked = await lockFile(tx, actor, id);
    if (locked.state === "ready") return locked;
    const [row] = await tx
      .update(keptFiles)
      .set({ state: "ready", sha256: found, touchedAt: deps.clock.now() })
      .where(eq(keptFiles.id, id))
      .returning();
    await recordAudit(tx, {
      kind: "file.uploaded",
      orgId: actor.orgId,
      actor: auditActor(actor),
      subject: subjectOf(file),
      ip: actor.ip,
      data: { sizeBytes: file.sizeBytes, sha256: found, visibility: file.visibility },
    });
    return row ?? locked;
  });
  deps.changes.announce(actor.orgId, "files", id);
  return ready;
}

const wrongHash = (wanted: string, found: string): HubError =>
  new HubError("wrong-hash", `The file has the SHA-256 ${found}, not ${wanted}. Send it again from the beginning.`, {
    facts: { found },
  });
