// Files that people keep to push to hosts. Their bytes come and go by raw.ts.
import { findFile, listFiles } from "../../files/files.ts";
import * as input from "../../files/input.ts";
import { presentFile } from "../../files/present.ts";
import { removeFile } from "../../files/remove-file.ts";
import { beginUpload, finishUpload } from "../../files/upload-file.ts";
import { byId } from "../../platform/input.ts";
import * as output from "../output.ts";
import { needs, router, signedIn } from "../trpc.ts";

const tag = "Files";
const running = needs("run.start");

export const filesRouter = router({
  list: signedIn
    .meta({ rest: { method: "GET", path: "/files", tag, summary: "Kept files by name: your own and those of the organisation" } })
    .input(input.listFiles)
    .output(output.pageOf(output.keptFile))
    .query(async ({ ctx, input: given }) => {
      const { db, usesOf } = ctx.hub.files;
      const { rows, nextCursor, total } = await listFiles(db, ctx.actor, given);
      const uses = await usesOf(
        db,
        ctx.actor.orgId,
        rows.map(({ file }) => file.id),
      );
      return { items: rows.map((row) => presentFile(row, uses.get(row.file.id) ?? 0, ctx.actor)), nextCursor, total };
    }),
  get: signedIn
    .meta({ rest: { method: "GET", path: "/files/{id}", tag, summary: "A kept file; `storedBytes` is where an upload goes on" } })
    .input(byId)
    .output(output.keptFile)
    .query(async ({ ctx, input: { id } }) => {
      const { db, usesOf } = ctx.hub.files;
      const found = await findFile(db, ctx.actor, id);
      return presentFile(found, (await usesOf(db, ctx.actor.orgId, [id])).get(id) ?? 0, ctx.actor);
    }),
  begin: running
    .meta({ rest: { method: "POST", path: "/files", status: 201, tag, summary: "Begin an upload; its bytes follow in pieces" } })
    .input(input.beginUpload)
    .output(output.created)
    .mutation(async ({ ctx, input: given }) => ({ id: await beginUpload(ctx.hub.files, ctx.actor, given) })),
  finish: running
    .meta({ rest: { method: "POST", path: "/files/{id}/finish", tag, summary: "All of it is there" } })
    .input(input.finishUpload)
    .output(output.fileHash)
    .mutation(async ({ ctx, input: given }) => ({
      sha256: (await finishUpload(ctx.hub.files, ctx.actor, given)).sha256 ?? "",
    })),
  remove: running
    .meta({
      rest: { method: "DELETE", path: "/files/{id}", tag, summary: "Delete a file that nothing needs, or give up an upload" },
    })
    .input(byId)
    .output(output.nothing)
    .mutation(async ({ ctx, input: { id } }) => {
      await removeFile(ctx.hub.files, ctx.actor, id);
      return {};
    }),
});
