// Sessions and runs: what people came for.
import { auditEventsOf } from "../../audit/audit-events.ts";
import { presentAuditEvent } from "../../audit/present.ts";
import { actionsBeside, authorizeEveryTarget } from "../../automation/authorize-targets.ts";
import { createRun } from "../../automation/create-run.ts";
import { assetsOfRun, cellsOf, outputGroupsOf, pageOfExecutions } from "../../automation/executions.ts";
import { goOn } from "../../automation/go-on.ts";
import * as automationInput from "../../automation/input.ts";
import { outputDifference } from "../../automation/output-difference.ts";
import { prepareScript } from "../../automation/prepare-script.ts";
import { presentExecution, presentRun } from "../../automation/present.ts";
import { runAgain } from "../../automation/run-again.ts";
import { type ExecutionWithNames, executionsOf, listRuns, visibleRun } from "../../automation/runs.ts";
import { stopExecution, stopRun } from "../../automation/stop-run.ts";
import { reachingZones } from "../../automation/tell-agents.ts";
import { type Actor, may } from "../../identity/actor.ts";
import { findUserOf } from "../../identity/people.ts";
import type { LogFile } from "../../logs/log-file.ts";
import type { LogStore } from "../../logs/log-store.ts";
import { HubError, notFound } from "../../platform/errors.ts";
import { byId } from "../../platform/input.ts";
import { endSessionByPerson } from "../../sessions/end-session.ts";
import { integrityOf } from "../../sessions/evidence.ts";
import * as sessionsInput from "../../sessions/input.ts";
import { presentSession } from "../../sessions/present.ts";
import { findSession, listSessions } from "../../sessions/sessions.ts";
import type { ApiDeps } from "../deps.ts";
import * as output from "../output.ts";
import { needs, router, signedIn } from "../trpc.ts";

export const sessionsRouter = router({
  list: signedIn
    .meta({
      rest: {
        method: "GET",
        path: "/sessions",
        tag: "Sessions",
        summary: "Sessions, newest first: your own, or all with sessions.read-all",
      },
    })
    .input(sessionsInput.listSessions)
    .output(output.pageOf(output.session))
    .query(async ({ ctx, input }) => {
      const { db, links, clock } = ctx.hub.sessions;
      const { rows, nextCursor, total } = await listSessions(
        db,
        ctx.actor.orgId,
        input,
        may(ctx.actor, "sessions.read-all") ? null : ctx.actor.id,
      );
      return {
        items: rows.map((row) => presentSession(row, ctx.hub.sessions, (id) => links.isOnline(id), clock.now())),
        nextCursor,
        total,
      };
    }),
  get: signedIn.input(byId).query(async ({ ctx, input: { id } }) => {
    const { db, links, clock, store } = ctx.hub.sessions;
    const found = await findSession(db, ctx.actor.orgId, id);
    if (found === null || (found.session.userId !== ctx.actor.id && !may(ctx.actor, "sessions.read-all")))
      throw notFound("session");
    const endedBy = found.session.endedBy === null ? null : await findUserOf(db, ctx.actor.orgId, found.session.endedBy);
    const log = store.exists(id) ? await openUnlessAway(store, id) : null;
    const here = log === "away" ? null : log;
    try {
      const events = await auditEventsOf(db, ctx.actor.orgId, id);
      const removed = events.some(({ kind }) => kind === "session.recording-removed");
      const missing = removed ? ("removed" as const) : ("truncated" as const);
      return {
        ...presentSession(found, ctx.hub.sessions, (agentId) => links.isOnline(agentId), clock.now()),
        endedBy: endedBy === null ? null : { id: endedBy.id, name: endedBy.name },
        recording: {
          durationMs: here?.durationMs ?? 0,
          bytes: here?.bytesOf("output") ?? 0,
          cols: found.session.columns,
          rows: found.session.rows,
          chunks: here?.chunks.length ?? 0,
        },
        events: events.map(presentAuditEvent),
        evidence:
          log === null || log === "away"
            ? { head: "", chunks: 0, verified: log === "away" ? ("unreachable" as const) : missing }
            : {
                head: (await log.head()).toString("hex"),
                chunks: log.chunks.length,
                verified: await integrityOf(store, id, found.session.logHead),
              },
      };
    } finally {
      await here?.close();
    }
  }),
  end: signedIn
    .meta({
      rest: {
        method: "POST",
        path: "/sessions/{id}/end",
        tag: "Sessions",
        summary: "End a session: your own, or another's with sessions.end",
      },
    })
    .input(sessionsInput.endSession)
    .output(output.nothing)
    .mutation(async ({ ctx, input: { id } }) => {
      await endSessionByPerson(ctx.hub.sessions, ctx.actor, id);
      return {};
    }),
});

/** Executions as this person sees them now. Only those that any agent of a zone may take need to know who is there. */
async function presentExecutions(
  { automation: { db, clock, outputs, placings, links } }: ApiDeps,
  actor: Actor,
  rows: ExecutionWithNames[],
) {
  const zoneIds = rows.flatMap(({ execution: { agentId, zoneId } }) => (agentId === null && zoneId !== null ? [zoneId] : []));
  const reached = await reachingZones({ db, links }, actor.orgId, zoneIds);
  const live = {
    outputs,
    placings,
    isOnline: (agentId: string) => links.isOnline(agentId),
    reached: (zoneId: string) => {
      const equipped = reached.get(zoneId);
      return equipped === undefined ? ("offline" as const) : equipped ? ("yes" as const) : ("too-old" as const);
    },
  };
  return rows.map((row) => presentExecution(row, live, clock.now()));
}

export const runsRouter = router({
  create: needs("run.start")
    .meta({ rest: { method: "POST", path: "/runs", status: 201, tag: "Runs", summary: "Run a script once on each asset" } })
    .input(automationInput.createRun)
    .output(output.created)
    .mutation(async ({ ctx, input }) => {
      const { assetIds, account } = input;
      const { automation } = ctx.hub;
      const script = await prepareScript(automation.db, ctx.actor, input);
      const beside = actionsBeside({ ...input, fileParameters: script.files });
      const allowed = await authorizeEveryTarget(automation, ctx.actor, assetIds, account, beside);
      return { id: await createRun(automation, ctx.actor, input, script, allowed) };
    }),
  list: signedIn
    .meta({
      rest: { method: "GET", path: "/runs", tag: "Runs", summary: "Runs, newest first: your own, or all with runs.read-all" },
    })
    .input(automationInput.listRuns)
    .output(output.pageOf(output.run))
    .query(async ({ ctx, input }) => {
      const { db, clock } = ctx.hub.automation;
      const { rows, nextCursor, total } = await listRuns(
        db,
        ctx.actor.orgId,
        input,
        may(ctx.actor, "runs.read-all") ? null : ctx.actor.id,
      );
      return { items: rows.map((row) => presentRun(row, clock.now())), nextCursor, total };
    }),
  get: signedIn
    .meta({
      rest: {
        method: "GET",
        path: "/runs/{id}",
        tag: "Runs",
        summary: "A run with its executions, or without: `executions=false`",
      },
    })
    .input(automationInput.getRun)
    .output(output.runWithExecutions)
    .query(async ({ ctx, input: { id, executions: wanted } }) => {
      const { db, clock } = ctx.hub.automation;
      const found = await visibleRun(db, ctx.actor, id);
      const {
        script: body,
        args,
        env,
        parameters,
        account,
        rolling,
        refused,
        timeoutSeconds,
        expirySeconds,
        files,
        artefacts,
      } = found.run;
      return {
        ...presentRun(found, clock.now()),
        body,
        args,
        env,
        parameters,
        account,
        rolling,
        refused,
        files,
        artefacts,
        timeoutSeconds,
        expirySeconds,
        executions: wanted ? await presentExecutions(ctx.hub, ctx.actor, await executionsOf(db, id)) : [],
      };
    }),
  executions: signedIn
    .meta({
      rest: {
        method: "GET",
        path: "/runs/{id}/executions",
        tag: "Runs",
        summary: "Executions of a run by name, a page at a time",
      },
    })
    .input(automationInput.listExecutions)
    .output(output.executionsPage)
    .query(async ({ ctx, input }) => {
      const { db } = ctx.hub.automation;
      await visibleRun(db, ctx.actor, input.id);
      const { rows, total } = await pageOfExecutions(db, input);
      return { items: await presentExecutions(ctx.hub, ctx.actor, rows), total };
    }),
  cells: signedIn.input(byId).query(async ({ ctx, input: { id } }) => {
    const { db } = ctx.hub.automation;
    await visibleRun(db, ctx.actor, id);
    return { cells: await cellsOf(db, id) };
  }),
  compare: signedIn
    .meta({
      rest: {
        method: "GET",
        path: "/runs/{id}/groups",
        tag: "Runs",
        summary: "Executions that ended alike and printed the same, the most first",
      },
    })
    .input(automationInput.compareRun)
    .output(output.outputGroups)
    .query(async ({ ctx, input }) => {
      const { db } = ctx.hub.automation;
      await visibleRun(db, ctx.actor, input.id);
      return outputGroupsOf(db, input);
    }),
  difference: signedIn
    .meta({
      rest: {
        method: "GET",
        path: "/executions/{id}/difference",
        tag: "Runs",
        summary: "Lines in which the output of an execution differs from that of another one",
      },
    })
    .input(automationInput.differenceOf)
    .output(output.outputDifference)
    .query(({ ctx, input }) => outputDifference(ctx.hub.automation, ctx.actor, input)),
  targets: signedIn
    .meta({ rest: { method: "GET", path: "/runs/{id}/targets", tag: "Runs", summary: "Assets of a run, or of a part of it" } })
    .input(automationInput.runTargets)
    .output(output.runTargets)
    .query(async ({ ctx, input }) => {
      const { db } = ctx.hub.automation;
      await visibleRun(db, ctx.actor, input.id);
      return { assetIds: await assetsOfRun(db, input) };
    }),
  again: needs("run.start")
    .meta({
      rest: {
        method: "POST",
        path: "/runs/{id}/again",
        status: 201,
        tag: "Runs",
        summary: "The same once more, on those that failed or on chosen ones, as a new run",
      },
    })
    .input(automationInput.runAgain)
    .output(output.created)
    .mutation(async ({ ctx, input }) => ({ id: await runAgain(ctx.hub.automation, ctx.actor, input) })),
  goOn: signedIn
    .meta({
      rest: {
        method: "POST",
        path: "/runs/{id}/continue",
        tag: "Runs",
        summary: "Let a run go on that paused after its canaries or halted after too many failures",
      },
    })
    .input(byId)
    .output(output.nothing)
    .mutation(async ({ ctx, input: { id } }) => {
      await goOn(ctx.hub.automation, ctx.actor, id);
      return {};
    }),
  stop: signedIn
    .meta({
      rest: {
        method: "POST",
        path: "/runs/{id}/stop",
        tag: "Runs",
        summary: "Stop a run: TERM to each process group, KILL ten seconds later",
      },
    })
    .input(byId)
    .output(output.nothing)
    .mutation(async ({ ctx, input: { id } }) => {
      await stopRun(ctx.hub.automation, ctx.actor, id);
      return {};
    }),
  stopExecution: signedIn.input(byId).mutation(async ({ ctx, input: { id } }) => {
    await stopExecution(ctx.hub.automation, ctx.actor, id);
    return {};
  }),
});

/** What else is known of a session must not hang on its recording's store. */
async function openUnlessAway(store: LogStore, id: string): Promise<LogFile | "away"> {
  try {
    return await store.open(id);
  } catch (error) {
    if (error instanceof HubError && error.code === "storage-unreachable") return "away";
    throw error;
  }
}
