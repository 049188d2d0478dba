// Home, settings, and the hints that keep screens current.

import { Reach } from "../../access/reach.ts";
import { countAssets, findAssets } from "../../assets/assets.ts";
import { rotateVault } from "../../assets/rotate-vault.ts";
import { openContradictions } from "../../audit/contradictions.ts";
import { presentRun } from "../../automation/present.ts";
import { countRunsSince, failedRuns, listRuns } from "../../automation/runs.ts";
import { countAgents, fleetHistorySince } from "../../fleet/agents.ts";
import { may } from "../../identity/actor.ts";
import type { ArchiveState } from "../../logs/archive.ts";
import type { Change } from "../../platform/changes.ts";
import { presentSession } from "../../sessions/present.ts";
import { countLive, listSessions, recentAssetIds } from "../../sessions/sessions.ts";
import * as output from "../output.ts";
import { presentAssets } from "../present-assets.ts";
import { needs, router, signedIn } from "../trpc.ts";

const dayMs = 86_400_000;

export const homeRouter = router({
  summary: signedIn.query(async ({ ctx }) => {
    const { fleet, sessions } = ctx.hub;
    const { db } = fleet;
    const { orgId, id } = ctx.actor;
    const now = fleet.clock.now();
    const since = new Date(now.getTime() - dayMs);
    const ownRuns = may(ctx.actor, "runs.read-all") ? null : id;
    const ownSessions = may(ctx.actor, "sessions.read-all") ? null : id;
    const isOnline = (agentId: string) => fleet.links.isOnline(agentId);
    const reach = await Reach.of(db, ctx.actor, now);
    const [agents, assets, live, runsToday, failed, running, queued, liveRows, history, recentIds] = await Promise.all([
      may(ctx.actor, "fleet.read") ? countAgents(db, orgId) : { total: 0, online: 0, offline: 0 },
      countAssets(db, orgId, reach.only),
      countLive(db, orgId, ownSessions),
      countRunsSince(db, orgId, since, ownRuns),
      failedRuns(db, orgId, ownRuns, 5),
      listRuns(db, orgId, { limit: 5, state: "running" }, ownRuns),
      listRuns(db, orgId, { limit: 5, state: "queued" }, ownRuns),
      listSessions(db, orgId, { limit: 5, state: "live" }, ownSessions),
      may(ctx.actor, "fleet.read") ? fleetHistorySince(db, orgId, since) : [],
      recentAssetIds(db, id, 8),
    ]);
    const recent = (await findAssets(db, orgId, recentIds)).filter(({ asset }) => asset.retiredAt === null);
    const offer = await reach.offers(db, recent);
    const contradictions = may(ctx.actor, "audit.read") ? await openContradictions(db, orgId) : [];
    return {
      assets,
      agents,
      auditContradicted: contradictions.length > 0,
      storage: ctx.hub.sessions.store.room.state,
      archive: archiveState(ctx.hub.sessions.store.archive),
      liveSessions: live,
      runsToday,
      failedRuns: failed.map((row) => presentRun(row, now)),
      running: [...running.rows, ...queued.rows].slice(0, 5).map((row) => presentRun(row, now)),
      liveSessionsList: liveRows.rows.map((row) => presentSession(row, sessions, isOnline, now)),
      recentAssets: await presentAssets(
        ctx.hub,
        ctx.actor,
        recentIds.flatMap((assetId) => recent.filter(({ asset }) => asset.id === assetId && offer(assetId).accounts.length > 0)),
        offer,
      ),
      fleetHistory: history.map((point) => ({ ...point, at: point.at.toISOString() })),
    };
  }),
});

export const settingsRouter = router({
  get: needs("settings.manage").query(({ ctx }) => {
    const { config, keys, version, ports, database, startedAt } = ctx.hub;
    return {
      hubId: keys.hubId,
      version,
      publicUrl: config.publicUrl ?? null,
      agentPort: ports.agents,
      database: { kind: database.kind, version: database.version },
      dataDir: config.dataDir,
      detachGraceSeconds: config.detachGraceSeconds,
      memory: { rssBytes: process.memoryUsage.rss() },
      startedAt: startedAt.toISOString(),
      certificate: { spkiPin: keys.pin, notAfter: keys.certNotAfter.toISOString() },
    };
  }),
  vault: needs("settings.manage")
    .meta({ rest: { method: "GET", path: "/vault", tag: "Hub", summary: "How far a change of the vault's key has come" } })
    .output(output.vaultState)
    .query(({ ctx }) => ctx.hub.vaultRotation.state),
  rotateVault: needs("settings.manage").mutation(({ ctx }) =>
    rotateVault(ctx.hub.vaultRotation, ctx.actor, ctx.hub.assets.clock.now()),
  ),
});

/** Hints waiting for one screen: beyond this it has stopped reading and asks afresh when it is back. */
const hintsMax = 1_000;
/** Which permission a topic needs besides being signed in; none means that the lists behind it filter for themselves. */
const needed = {
  agents: "fleet.read",
  enrolment: "enrol",
  people: "people.read",
  audit: "audit.read",
  grants: "grants.read",
  sessions: null,
  runs: null,
  scripts: null,
  files: null,
  tasks: null,
  tickets: null,
  rules: "grants.read",
  execution: null,
  assets: null,
  storage: null,
  notices: null,
} as const;

export const eventsRouter = router({
  stream: signedIn.subscription(async function* ({ ctx, signal }) {
    const waiting: Change[] = [];
    let wake: () => void = () => {};
    const stop = ctx.hub.fleet.changes.listen((change) => {
      const permission = needed[change.topic];
      const elsewhere = change.orgId !== null && change.orgId !== ctx.actor.orgId;
      if (elsewhere || (permission !== null && !may(ctx.actor, permission)) || waiting.length >= hintsMax) return;
      waiting.push(change);
      wake();
    });
    const ended = new Promise<void>((resolve) => signal?.addEventListener("abort", () => resolve(), { once: true }));
    try {
      while (signal?.aborted !== true) {
        for (let change = waiting.shift(); change !== undefined; change = waiting.shift())
          yield { topic: change.topic, id: change.id };
        await Promise.race([
          ended,
          new Promise<void>((resolve) => {
            wake = resolve;
            if (waiting.length > 0) resolve();
          }),
        ]);
      }
    } finally {
      stop();
    }
  }),
});

/** What people are told of the object store; its own words stay with administrators of the machine (`sallyport status`). */
const archiveState = (archive: ArchiveState | null): "off" | "ok" | "failing" =>
  archive === null ? "off" : archive.failure === null ? "ok" : "failing";
