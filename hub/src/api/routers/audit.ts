// The audit log: what happened, and whether the log is what was written.
import { z } from "zod";
import { auditHistogram, listAuditEvents } from "../../audit/audit-events.ts";
import { checkpointFile } from "../../audit/checkpoint-file.ts";
import { acknowledgeContradictions, openContradictions } from "../../audit/contradictions.ts";
import { auditKinds } from "../../audit/events.ts";
import * as auditInput from "../../audit/input.ts";
import { presentAuditEvent, presentContradiction } from "../../audit/present.ts";
import { recordAudit } from "../../audit/record-audit.ts";
import { verifyAuditLog } from "../../audit/verify-audit.ts";
import { auditActor } from "../../identity/actor.ts";
import * as output from "../output.ts";
import { needs, router } from "../trpc.ts";

const auditing = needs("audit.read");

export const auditRouter = router({
  state: auditing.query(async ({ ctx }) => {
    const { orgId } = ctx.actor;
    const checkpoint = ctx.hub.checkpoints.newestOf(orgId);
    return {
      checkpoint: checkpoint === null ? null : { seq: checkpoint.seq, at: checkpoint.at, keyId: checkpoint.keyId },
      exports: ctx.hub.auditExports().map(({ behind, failure }) => ({ behind, isFailing: failure !== null })),
      contradictions: (await openContradictions(ctx.hub.fleet.db, orgId)).map(presentContradiction),
    };
  }),
  acknowledge: needs("settings.manage")
    .input(auditInput.acknowledge)
    .mutation(async ({ ctx, input }) => {
      const { orgId, ip } = ctx.actor;
      const by = { actor: auditActor(ctx.actor), ip, reason: input.reason };
      const checkpoints = await acknowledgeContradictions(ctx.hub.fleet, orgId, by);
      ctx.hub.fleet.changes.announce(orgId, "audit");
      return { checkpoints };
    }),
  list: auditing
    .meta({ rest: { method: "GET", path: "/audit-events", tag: "Audit", summary: "What happened, the latest first" } })
    .input(auditInput.listAudit)
    .output(output.pageOf(output.auditEvent).extend({ totalIsLeast: z.boolean() }))
    .query(async ({ ctx, input }) => {
      const { rows, nextCursor, total, totalIsLeast } = await listAuditEvents(ctx.hub.fleet.db, ctx.actor.orgId, input);
      return { items: rows.map(presentAuditEvent), nextCursor, total, totalIsLeast };
    }),
  kinds: auditing.query(() => ({
    items: [...auditKinds],
    groups: [...new Set(auditKinds.map((kind) => kind.slice(0, kind.indexOf("."))))],
  })),
  histogram: auditing.input(auditInput.histogram).query(async ({ ctx, input }) => {
    const points = await auditHistogram(ctx.hub.fleet.db, ctx.actor.orgId, new Date(input.from), new Date(input.to));
    return { items: points.map((point) => ({ at: point.at.toISOString(), count: point.count })) };
  }),
  verify: auditing.mutation(async ({ ctx }) => {
    const { db } = ctx.hub.fleet;
    const { checkpoints, config } = ctx.hub;
    // What has happened up to now is signed first, so that the answer covers it.
    await checkpoints.takeAll();
    const [verdict] = await verifyAuditLog(db, {
      publicKey: checkpoints.signer.publicKey,
      file: checkpointFile(config.dataDir),
      heads: [],
      org: ctx.actor.orgId,
    });
    if (verdict === undefined) throw new Error("no verdict on the organisation that was asked for");
    const { state, events } = verdict;
    await db.transaction((tx) =>
      recordAudit(tx, {
        kind: "audit.verified",
        orgId: ctx.actor.orgId,
        actor: auditActor(ctx.actor),
        subject: null,
        ip: ctx.actor.ip,
        data: { state, events },
      }),
    );
    return { ...verdict, keyId: checkpoints.signer.keyId };
  }),
});
