// Scripts and their versions, and the programs they are given to.
import { byId } from "../../platform/input.ts";
import * as input from "../../scripts/input.ts";
import { addInterpreter, interpretersOf, removeInterpreter } from "../../scripts/interpreters.ts";
import {
  addVersion,
  archiveScript,
  changeScript,
  createScript,
  deleteScript,
  duplicateScript,
} from "../../scripts/manage-scripts.ts";
import { presentScript, presentVersion } from "../../scripts/present.ts";
import { findScript, findVersion, listScripts, versionsOf } from "../../scripts/scripts.ts";
import * as output from "../output.ts";
import { needs, router, signedIn } from "../trpc.ts";

const tag = "Scripts";
const running = needs("run.start");

export const scriptsRouter = router({
  list: signedIn
    .meta({ rest: { method: "GET", path: "/scripts", tag, summary: "Scripts by name: your own and those of the organisation" } })
    .input(input.listScripts)
    .output(output.pageOf(output.script))
    .query(async ({ ctx, input: given }) => {
      const { rows, nextCursor, total } = await listScripts(ctx.hub.scripts.db, ctx.actor, given);
      return { items: rows.map((row) => presentScript(row, ctx.actor)), nextCursor, total };
    }),
  get: signedIn
    .meta({ rest: { method: "GET", path: "/scripts/{id}", tag, summary: "A script with its newest version" } })
    .input(byId)
    .output(output.scriptWithVersion)
    .query(async ({ ctx, input: { id } }) => {
      const found = await findScript(ctx.hub.scripts.db, ctx.actor, id);
      return { ...presentScript(found, ctx.actor), version: presentVersion(found.version) };
    }),
  versions: signedIn
    .meta({ rest: { method: "GET", path: "/scripts/{id}/versions", tag, summary: "The versions of a script, newest first" } })
    .input(byId)
    .output(output.listOf(output.scriptVersionLine))
    .query(async ({ ctx, input: { id } }) => {
      await findScript(ctx.hub.scripts.db, ctx.actor, id);
      const rows = await versionsOf(ctx.hub.scripts.db, id);
      return { items: rows.map((row) => ({ ...row, createdAt: row.createdAt.toISOString() })) };
    }),
  version: signedIn
    .meta({ rest: { method: "GET", path: "/scripts/{id}/versions/{number}", tag, summary: "One version of a script" } })
    .input(input.scriptVersion)
    .output(output.scriptVersion)
    .query(async ({ ctx, input: { id, number } }) =>
      presentVersion((await findVersion(ctx.hub.scripts.db, ctx.actor, id, number)).version),
    ),
  create: running
    .meta({ rest: { method: "POST", path: "/scripts", status: 201, tag, summary: "Keep a script" } })
    .input(input.createScript)
    .output(output.created)
    .mutation(async ({ ctx, input: given }) => ({ id: await createScript(ctx.hub.scripts, ctx.actor, given) })),
  addVersion: running
    .meta({
      rest: {
        method: "POST",
        path: "/scripts/{id}/versions",
        status: 201,
        tag,
        summary: "Add a version; `after` is the newest one that its writer saw",
      },
    })
    .input(input.addVersion)
    .output(output.versionNumber)
    .mutation(async ({ ctx, input: given }) => ({ number: await addVersion(ctx.hub.scripts, ctx.actor, given) })),
  change: running
    .meta({
      rest: { method: "POST", path: "/scripts/{id}", tag, summary: "Name, description, visibility; what is left out stays" },
    })
    .input(input.changeScript)
    .output(output.nothing)
    .mutation(async ({ ctx, input: given }) => {
      await changeScript(ctx.hub.scripts, ctx.actor, given);
      return {};
    }),
  duplicate: running
    .meta({
      rest: {
        method: "POST",
        path: "/scripts/{id}/duplicate",
        status: 201,
        tag,
        summary: "A private copy of the newest version",
      },
    })
    .input(input.duplicateScript)
    .output(output.created)
    .mutation(async ({ ctx, input: { id, name } }) => ({ id: await duplicateScript(ctx.hub.scripts, ctx.actor, id, name) })),
  archive: running
    .meta({
      rest: {
        method: "POST",
        path: "/scripts/{id}/archive",
        tag,
        summary: "Put a script away: it leaves lists, its record stays",
      },
    })
    .input(byId)
    .output(output.nothing)
    .mutation(async ({ ctx, input: { id } }) => {
      await archiveScript(ctx.hub.scripts, ctx.actor, id, true);
      return {};
    }),
  unarchive: running
    .meta({ rest: { method: "POST", path: "/scripts/{id}/unarchive", tag, summary: "Take an archived script out again" } })
    .input(byId)
    .output(output.nothing)
    .mutation(async ({ ctx, input: { id } }) => {
      await archiveScript(ctx.hub.scripts, ctx.actor, id, false);
      return {};
    }),
  remove: running
    .meta({ rest: { method: "DELETE", path: "/scripts/{id}", tag, summary: "Delete a script that nothing was run with" } })
    .input(byId)
    .output(output.nothing)
    .mutation(async ({ ctx, input: { id } }) => {
      await deleteScript(ctx.hub.scripts, ctx.actor, id);
      return {};
    }),
});

export const interpretersRouter = router({
  list: signedIn
    .meta({ rest: { method: "GET", path: "/interpreters", tag, summary: "Programs that scripts are given to" } })
    .output(output.listOf(output.interpreter))
    .query(async ({ ctx }) => {
      const rows = await interpretersOf(ctx.hub.scripts.db, ctx.actor.orgId);
      return { items: rows.map(({ id, program, label, orgId }) => ({ id, program, label, builtIn: orgId === null })) };
    }),
  add: needs("settings.manage")
    .meta({
      rest: { method: "POST", path: "/interpreters", status: 201, tag, summary: "Let scripts be given to another program" },
    })
    .input(input.addInterpreter)
    .output(output.created)
    .mutation(async ({ ctx, input: given }) => ({ id: await addInterpreter(ctx.hub.scripts, ctx.actor, given) })),
  remove: needs("settings.manage")
    .meta({ rest: { method: "DELETE", path: "/interpreters/{id}", tag, summary: "Take an added interpreter away" } })
    .input(byId)
    .output(output.nothing)
    .mutation(async ({ ctx, input: { id } }) => {
      await removeInterpreter(ctx.hub.scripts, ctx.actor, id);
      return {};
    }),
});
