// The hub: every room put together. The only wiring there is; createHub() starts nothing but what close() ends.

import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import { type AccessDeps, addAdministratorsGrant } from "./access/manage-grants.ts";
import { lookForEndsEveryMs, noticeEnds } from "./access/notice-ends.ts";
import { adminSocketPath, listenForAdmin } from "./api/admin-socket.ts";
import { openConsoleFiles } from "./api/console-files.ts";
import type { ApiDeps } from "./api/deps.ts";
import { createHttpHandler } from "./api/http.ts";
import { listenForConsole } from "./api/listen.ts";
import { forgetOnceCalls } from "./api/only-once.ts";
import { packRuntime } from "./api/pack-runtime.ts";
import { actorOf, assertOwnOrigin } from "./api/request.ts";
import { sealedAccountSecrets } from "./assets/account-secrets.ts";
import { addHostAsset, findAsset, followAgent, retireAssetsOf } from "./assets/assets.ts";
import type { AssetDeps } from "./assets/deps.ts";
import { sealedTemplates } from "./assets/manage-templates.ts";
import { lookAtOldKeysEveryMs, VaultRotation } from "./assets/rotate-vault.ts";
import { CheckpointSigner } from "./audit/checkpoint.ts";
import { CheckpointFile } from "./audit/checkpoint-file.ts";
import { Checkpoints, lookForDueEveryMs } from "./audit/checkpoints.ts";
import { EventExport, exportEveryMs } from "./audit/export-events.ts";
import { FileSink, syslogSink } from "./audit/export-sinks.ts";
import { Witnesses } from "./audit/witnesses.ts";
import { abandonExecutionsOf } from "./automation/abandon-executions.ts";
import { committingMoves } from "./automation/commit-moves.ts";
import type { AutomationDeps } from "./automation/deps.ts";
import { endForbiddenRuns } from "./automation/end-forbidden-runs.ts";
import { ExecutionOutputs } from "./automation/execution-output.ts";
import { FileStreams } from "./automation/file-streams.ts";
import { expireQueued, giveUpLost, remindAgents, repeatStops, rollOn } from "./automation/jobs.ts";
import { findingHostNames } from "./automation/open-output.ts";
import { removeOldOutputs } from "./automation/remove-old-outputs.ts";
import { unfinishedExecutionsOf } from "./automation/runs.ts";
import { committingEnds } from "./automation/settle.ts";
import { takingQueued } from "./automation/take-queued.ts";
import { runsUsingFiles } from "./automation/uses-of-files.ts";
import { Broker } from "./broker/broker.ts";
import { listenForAgents, portError, tlsOptions } from "./broker/listen.ts";
import type { CustodyDeps } from "./custody/deps.ts";
import { CustodyWorker, lookForOldSecretsEveryMs, lookForTasksEveryMs } from "./custody/work-off.ts";
import { Catalogues } from "./databases/catalogue.ts";
import type { DatabaseDeps } from "./databases/deps.ts";
import { LastAnswers } from "./databases/shell/last-answers.ts";
import { DatabaseAccounts, lookForDueAccountsEveryMs } from "./databases/work-off.ts";
import { checkDirectories, checkDirectoriesEveryMs } from "./federation/check-directory.ts";
import { type FederationDeps, stateLifetimeMs } from "./federation/deps.ts";
import { sealedProviders } from "./federation/provider-secret.ts";
import type { FileDeps } from "./files/deps.ts";
import { FileStore } from "./files/file-store.ts";
import { removeAbandonedUploads } from "./files/remove-file.ts";
import type { FleetDeps } from "./fleet/deps.ts";
import { Duplicates } from "./fleet/duplicates.ts";
import { forgetLinks, noteHistory, noteSeen } from "./fleet/jobs.ts";
import { LinkRows } from "./fleet/link-rows.ts";
import { AgentLinks } from "./fleet/links.ts";
import { lookForOfflineEveryMs, noticeOffline } from "./fleet/notice-offline.ts";
import { Orders } from "./fleet/orders.ts";
import { ensureZone } from "./fleet/zones.ts";
import { createUpgrades } from "./gateway/upgrades.ts";
import { Attempts } from "./identity/attempts.ts";
import { Challenges } from "./identity/challenges.ts";
import type { IdentityDeps } from "./identity/deps.ts";
import { disableIdle, endExpired } from "./identity/jobs.ts";
import { anyAdministrator } from "./identity/people.ts";
import { moveTotpIntoVault, sealedTotp } from "./identity/sealed-totp.ts";
import { ensureOrganisation, offerSetup, setUpFromConfig } from "./identity/set-up-hub.ts";
import { createSignInLibrary } from "./identity/sign-in-library.ts";
import { UnknownAddresses } from "./identity/unknown-addresses.ts";
import type { ArchiveOptions } from "./logs/archive.ts";
import { lookAtRoom } from "./logs/jobs.ts";
import { LogStore } from "./logs/log-store.ts";
import { S3Store } from "./logs/s3-store.ts";
import { lookEveryMs } from "./logs/storage-room.ts";
import { Neighbours } from "./neighbours/neighbours.ts";
import { sealedChannels } from "./notify/channel-secret.ts";
import { lookForDeliveriesEveryMs, NoticeDelivery, removeOldNotices } from "./notify/deliver.ts";
import type { NotifyDeps } from "./notify/deps.ts";
import { readAuditEveryMs, tellFromAudit } from "./notify/from-audit.ts";
import { createMailer } from "./notify/mailer.ts";
import { Outbox } from "./notify/outbox.ts";
import { Changes } from "./platform/changes.ts";
import { type Clock, systemClock } from "./platform/clock.ts";
import type { Config } from "./platform/config.ts";
import { lockDataFolder } from "./platform/data-lock.ts";
import { openDatabase } from "./platform/database.ts";
import { embeddedUser, startEmbeddedPostgres } from "./platform/embedded-postgres.ts";
import { HubError } from "./platform/errors.ts";
import { every } from "./platform/every.ts";
import { loadEvidenceKey } from "./platform/evidence-key.ts";
import { makePrivateFolder, writeFileWhole } from "./platform/files.ts";
import { gatheredRows } from "./platform/gathered.ts";
import { loadHubKeys } from "./platform/hub-keys.ts";
import { errorFields, type Log } from "./platform/log.ts";
import { Vault } from "./platform/vault.ts";
import { remindEveryMs, remindReviewers } from "./reviews/jobs.ts";
import { beforeOpening } from "./rules/before-opening.ts";
import { beforeSignIn } from "./rules/before-sign-in.ts";
import type { RuleDeps } from "./rules/deps.ts";
import { HeldLines } from "./rules/held-lines.ts";
import { judgeLine, lookedAt } from "./rules/judge-line.ts";
import type { SessionDeps } from "./sessions/deps.ts";
import { endForbidden } from "./sessions/end-forbidden.ts";
import { endSession } from "./sessions/end-session.ts";
import { guardTerminals } from "./sessions/guard-lines.ts";
import { endDetached, endLost } from "./sessions/jobs.ts";
import { LiveDials } from "./sessions/live-dial.ts";
import { LiveSessions } from "./sessions/live-sessions.ts";
import { removeOldRecordings } from "./sessions/remove-old-recordings.ts";
import { Screens } from "./sessions/screens.ts";
import { unendedSessionsOf } from "./sessions/sessions.ts";
import type { TaskDeps } from "./tasks/deps.ts";
import { fireDue, startQueued } from "./tasks/fire-tasks.ts";
import { replanAfterClockWentBack } from "./tasks/replan-tasks.ts";
import { tasksUsingFiles } from "./tasks/uses-of-files.ts";
import { linkInMail } from "./tickets/decision-links.ts";
import type { TicketDeps } from "./tickets/deps.ts";
import { endTickets, escalateTickets } from "./tickets/jobs.ts";
import { withdrawLeftLines } from "./tickets/raise-review.ts";
import { beginTickets } from "./tickets/run-ticket.ts";
import { ticketsUsingFiles } from "./tickets/uses-of-files.ts";

/** Where the built parts lie; the same in a checkout and in a package. */
export type Layout = {
  consoleDir: string;
  agentDist: string;
  agentPack: string;
  installScript: string;
  migrationsDir: string;
  screenWorker: URL;
  version: string;
};

export type Step = (id: string, title: string) => () => void;
export type Hub = {
  url: string;
  ports: { console: number; agents: number };
  adminSocket: string;
  setupLink: string | null;
  close(): Promise<void>;
};

/** This hub process among several on one broker; one today. */
const node = "h1";

/** @throws HubError with one clear sentence; whatever had been started is stopped again. */
export async function createHub(
  config: Config,
  layout: Layout,
  log: Log,
  { clock = systemClock, step = () => () => {} }: { clock?: Clock; step?: Step } = {},
): Promise<Hub> {
  const closers: (() => Promise<void> | void)[] = [];
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) {
      try {
        await closer();
      } catch (error) {
        log.error(errorFields(error), "not closed in order");
      }
    }
  };
  try {
    return { ...(await start()), close };
  } catch (error) {
    await close();
    throw error;
  }

  async function start(): Promise<Omit<Hub, "close">> {
    const startedAt = clock.now();
    const dataDir = path.resolve(config.dataDir);
    prepareFolder(dataDir);
    closers.push(lockDataFolder(dataDir));

    const keysDone = step("keys", "Keys and certificate");
    const keys = await loadHubKeys(dataDir, config.publicUrl === undefined ? null : new URL(config.publicUrl).hostname);
    const vault = Vault.open(dataDir);
    keysDone();

    const databaseDone = step("database", config.databaseUrl === undefined ? "Embedded PostgreSQL" : "PostgreSQL");
    const embedded = config.databaseUrl === undefined ? await startEmbeddedPostgres(dataDir) : null;
    if (embedded !== null) closers.push(() => embedded.stop());
    const database = await openDatabase(
      embedded === null ? { url: config.databaseUrl ?? "" } : { socketDir: embedded.socketDir, user: embeddedUser },
      { migrationsDir: layout.migrationsDir },
    );
    closers.push(() => database.close());
    databaseDone();

    const { db } = database;
    const checkpointFile = await CheckpointFile.open(dataDir);
    closers.push(() => checkpointFile.close());
    const checkpoints = await Checkpoints.start({
      db,
      clock,
      signer: new CheckpointSigner(loadEvidenceKey(dataDir), keys.hubId),
      file: checkpointFile,
    });
    const exports = [
      ...(config.auditFile === undefined ? [] : [new FileSink(config.auditFile)]),
      ...(config.auditSyslog === undefined
        ? []
        : [syslogSink(config.auditSyslog, { hubId: keys.hubId, caFile: config.auditSyslogCa })]),
    ].map((sink) => new EventExport(db, log, sink));
    for (const eventExport of exports) closers.push(() => eventExport.close());
    // Among the last to close: what closing the rest puts on record is signed too.
    closers.push(() => checkpoints.takeAll());
    const changes = new Changes();
    const ports = { console: 0, agents: 0 };
    const accessChanged = async (orgId: string): Promise<void> => {
      await endForbidden(sessions, orgId);
      await guardTerminals(sessions, orgId);
      await endForbiddenRuns(automation, orgId);
    };
    const identity: IdentityDeps = {
      db,
      clock,
      library: createSignInLibrary(db, cookieSecret(dataDir)),
      vault,
      challenges: new Challenges(),
      attempts: new Attempts(30),
      unknownAddresses: new UnknownAddresses(),
      accessChanged,
      heldUp: (user, origin) => beforeSignIn(rules, user, origin),
      onOrganisation: (tx, orgId) => addAdministratorsGrant(tx, orgId, clock.now()),
    };
    const federation: FederationDeps = {
      identity,
      vault,
      states: new Challenges(stateLifetimeMs),
      wrongPasswords: new UnknownAddresses(),
    };
    const organisation = await ensureOrganisation(identity);
    await moveTotpIntoVault(db, vault, dataDir);
    const vaultRotation = new VaultRotation({
      db,
      vault,
      log,
      changes,
      sealed: [
        sealedAccountSecrets(db, vault),
        sealedTemplates(db, vault),
        sealedTotp(db, vault),
        sealedProviders(db, vault),
        sealedChannels(db, vault),
      ],
      orgId: organisation.id,
    });
    await vaultRotation.resume();
    closers.push(() => vaultRotation.close());
    const links = new AgentLinks((stream, fault) =>
      log.warn({ stream: stream.stream, code: fault.code, fault: fault.message }, "stream closed for breaking its rules"),
    );
    const orders = new Orders({ db, clock, links, signingKey: keys.signingKey });
    const store = new LogStore(dataDir, config.s3 === undefined ? null : archiveOf(config.s3, changes, log));
    closers.push(() => store.close());
    const neighbours = new Neighbours({ db, clock, vault, log, links, hostKeyPolicy: config.hostKeys });
    const rules: RuleDeps = { db, clock, changes, log, guardTerminals: (orgId) => guardTerminals(sessions, orgId) };
    const held = new HeldLines({ db, clock }, (error) => log.error(errorFields(error), "decision about a line not read"));
    closers.push(changes.listen(({ topic, id }) => (topic === "tickets" && id !== null ? held.look(id) : undefined)));
    const sessions: SessionDeps = {
      db,
      unendedOf: gatheredRows(
        (agentIds) => unendedSessionsOf(db, agentIds),
        ({ agentId }) => agentId,
      ),
      clock,
      log,
      links,
      orders,
      store,
      live: new LiveSessions(),
      dials: new LiveDials(),
      neighbours,
      rules: {
        beforeOpening: (authorization, row) => beforeOpening(rules, authorization, row),
        lookedAt: (rows) => lookedAt(rules, rows),
        judge: (row, line) => judgeLine({ ...rules, held }, row, line),
      },
      ownPorts: () => [ports.console, ports.agents],
      changes,
      detachGraceSeconds: config.detachGraceSeconds,
    };
    const lastAnswers = new LastAnswers();
    const fileStore = new FileStore(dataDir);
    const fileStreams = new FileStreams({ store: fileStore, links, log });
    closers.push(() => fileStreams.close());
    const automation: AutomationDeps = {
      db,
      unfinishedOf: gatheredRows(
        (agentIds) => unfinishedExecutionsOf(db, agentIds),
        ({ agentId }) => agentId ?? "",
      ),
      hostNamesOf: findingHostNames(db),
      commitEnd: committingEnds({ db, clock, links }),
      commitMove: committingMoves({ db, clock, links }),
      takeQueued: takingQueued({ db, clock }),
      clock,
      log,
      links,
      orders,
      store,
      outputs: new ExecutionOutputs(),
      placings: new Map(),
      fileStreams,
      vault,
      neighbours,
      changes,
    };
    const access: AccessDeps = { db, clock, changes, accessChanged };
    const files: FileDeps = {
      db,
      clock,
      changes,
      store: fileStore,
      room: store.room,
      quotaBytes: config.filesGigabytes * 1024 ** 3,
      usesOf: async (queryable, orgId, ids) => {
        const uses = await runsUsingFiles(queryable, orgId, ids);
        for (const others of [await tasksUsingFiles(queryable, orgId, ids), await ticketsUsingFiles(queryable, orgId, ids)])
          for (const [id, count] of others) uses.set(id, count + (uses.get(id) ?? 0));
        return uses;
      },
    };
    const tasks: TaskDeps = { db, clock, log, changes, automation };
    const fleet: FleetDeps = {
      db,
      clock,
      links,
      linkRows: new LinkRows(db),
      changes,
      witnesses: new Witnesses({ db, clock, log, checkpoints, hubId: keys.hubId }),
      onEnrolled: addHostAsset,
      onChanged: followAgent,
      onRevoked: async (agentId) => {
        for (const session of await unendedSessionsOf(db, [agentId]))
          await endSession(sessions, session.id, { reason: "agent-revoked", by: null });
        await abandonExecutionsOf(automation, agentId);
        await retireAssetsOf(db, agentId, clock.now());
      },
    };
    await ensureZone(fleet, organisation.id);
    await forgetLinks(fleet);
    if (config.adminEmail !== undefined && config.adminPassword !== undefined)
      await setUpFromConfig(identity, organisation.id, {
        email: config.adminEmail,
        password: config.adminPassword,
        name: config.adminName,
      });

    const screens = new Screens(layout.screenWorker);
    closers.push(() => screens.close());
    const mailer = config.smtp === undefined ? null : createMailer(config.smtp);
    closers.push(() => mailer?.close());
    const outbox = new Outbox(log);
    closers.push(() => outbox.close());
    const notify: NotifyDeps = { db, clock, vault, consoleUrl: config.publicUrl ?? null };
    const delivery = new NoticeDelivery({
      ...notify,
      log,
      changes,
      mailer,
      ownLink: (notice, userId) => linkInMail(vault, notice, userId),
    });
    closers.push(() => delivery.close());
    const tickets: TicketDeps = { ...access, automation, vault, signer: { hubId: keys.hubId, key: keys.signingKey } };
    const assets: AssetDeps = { db, clock, changes, vault, accessChanged };
    await withdrawLeftLines(tickets);
    const custody: CustodyDeps = { assets, sessions };
    const worker = new CustodyWorker(custody);
    await worker.start();
    // Closed after the broker below, whose end tells it not to wait for agents.
    closers.push(() => worker.close());
    const databases: DatabaseDeps = { db, clock, vault, changes, log, links, orders };
    const databaseAccounts = new DatabaseAccounts(databases);
    closers.push(() => databaseAccounts.close());
    const api: ApiDeps = {
      mailer,
      outbox,
      notify,
      config: { ...config, dataDir },
      keys,
      version: layout.version,
      agentVersion: layout.version,
      startedAt,
      ports,
      database: { kind: embedded === null ? "external" : "embedded", version: database.version, ping: database.ping },
      identity,
      federation,
      checkpoints,
      auditExports: () => exports.map(({ state }) => state),
      fleet,
      access,
      assets,
      custody: {
        deps: custody,
        begin: () => worker.look().catch((error: unknown) => log.error(errorFields(error), "work on accounts not taken")),
      },
      databases: { ...databases, catalogues: new Catalogues(databases), looks: new Attempts(120) },
      vaultRotation,
      sessions,
      scripts: { db, clock, changes },
      files,
      automation,
      tasks,
      rules,
      tickets,
      lastAnswers,
      reviews: access,
      screens,
      endWorkOf: async (userId) => {
        for (const session of [...sessions.live.ofUser(userId), ...sessions.dials.ofUser(userId)])
          await endSession(sessions, session.id, { reason: "ended-by-admin", by: null });
      },
    };

    const listenDone = step("listen", "Console and agents' port");
    const broker = await Broker.create({
      fleet: { ...fleet, duplicates: new Duplicates() },
      sessions,
      automation,
      orders,
      hubId: keys.hubId,
      node,
      log,
      perAddressMax: config.perAddressMax,
    });
    closers.push(() => broker.close());
    const handler = createHttpHandler({
      hub: api,
      console: openConsoleFiles(layout.consoleDir),
      agentFiles: {
        dist: layout.agentDist,
        installScript: layout.installScript,
        enrolments: new Attempts(600),
        packRuntime: (arch) => packRuntime(layout.agentPack, layout.agentDist, arch),
      },
    });
    const upgrade = createUpgrades({
      terminal: { sessions: { ...sessions, vault, lastAnswers }, screens },
      actorOf: (request) => actorOf(identity, request),
      assertOwnOrigin: (request) => assertOwnOrigin(request, config.publicUrl),
      reserve: (address) => broker.reserve(address),
      admit: (socket, from, release) => broker.admit(socket, from, release),
    });
    const certificate = readCertificate(config);
    const consolePort = await listenForConsole({
      host: config.host,
      port: config.port,
      keys,
      certificate,
      tlsOptions,
      handler,
      upgrade,
      portError: (error) => portError(error, config.host, config.port, "--port"),
    });
    closers.push(() => consolePort.close());
    const agentPort = await listenForAgents(broker, keys, { host: config.host, port: config.agentPort });
    closers.push(() => agentPort.close());
    ports.console = consolePort.port;
    ports.agents = agentPort.port;
    const url =
      config.publicUrl ?? (certificate === null ? `http://localhost:${ports.console}` : `https://localhost:${ports.console}`);
    const adminSocket = adminSocketPath(dataDir);
    // One link per start, so that asking for the status does not kill the one somebody is about to open.
    const setupToken = await offerSetup(identity, organisation.id);
    const setupLink = async () =>
      setupToken === null || (await anyAdministrator(db)) ? null : `${url}/setup?token=${setupToken}`;
    const admin = await listenForAdmin({ hub: api, orgId: organisation.id, url, setupLink }, adminSocket);
    closers.push(() => admin.close());
    await store.start();
    listenDone();

    const removeOld = async () => {
      await removeAbandonedUploads(files);
      if (config.recordingDays === undefined) return;
      await removeOldRecordings(sessions, config.recordingDays);
      await removeOldOutputs(automation, config.recordingDays);
    };
    // Also at the start, or a hub that is restarted every night would never come to it.
    const firstRemoval = removeOld().catch((error: unknown) => log.error(errorFields(error), "what is old not removed"));
    closers.push(() => firstRemoval);
    const jobs = [
      every(lookEveryMs, lookAtRoom(store, changes, { keepReserve: embedded !== null }), log),
      every(1_000, () => endExpired(identity, api.endWorkOf, () => peopleAtWork(sessions)), log),
      every(
        checkDirectoriesEveryMs,
        async () => {
          for (const [id, error] of await checkDirectories(federation, api.endWorkOf))
            log.warn({ provider: id, ...errorFields(error) }, "a directory does not answer; nobody of it is signed out");
        },
        log,
      ),
      every(lookForDueEveryMs, () => checkpoints.takeDue(), log),
      ...exports.map((eventExport) => every(exportEveryMs, () => eventExport.turn(), log)),
      every(60_000, () => noteSeen(fleet), log),
      every(60_000, () => noteHistory(fleet), log),
      every(2_000, () => endDetached(sessions), log),
      every(60_000, () => endLost(sessions), log),
      every(30_000, () => expireQueued(automation), log),
      every(60_000, () => giveUpLost(automation), log),
      every(lookForTasksEveryMs, () => worker.look(), log),
      every(lookForDueAccountsEveryMs, () => databaseAccounts.look(), log),
      every(lookForOldSecretsEveryMs, () => worker.addDueRotations(), log),
      every(10_000, () => repeatStops(automation), log),
      every(2_000, () => remindAgents(automation), log),
      every(1_000, () => rollOn(automation), log),
      every(500, () => fireDue(tasks), log),
      every(1_000, () => startQueued(tasks), log),
      every(5_000, () => endTickets(tickets), log),
      every(5_000, () => escalateTickets(tickets), log),
      every(5_000, () => beginTickets(tickets), log),
      every(2_000, () => replanAfterClockWentBack(tasks), log),
      every(3_600_000, removeOld, log),
      every(
        readAuditEveryMs,
        () =>
          tellFromAudit({ db, clock, assetName: async (tx, orgId, id) => (await findAsset(tx, orgId, id))?.asset.name ?? id }),
        log,
      ),
      every(lookForDeliveriesEveryMs, () => delivery.turn(), log),
      every(lookForEndsEveryMs, () => noticeEnds({ db, clock }), log),
      every(lookForOfflineEveryMs, () => noticeOffline(fleet, startedAt), log),
      every(3_600_000, () => removeOldNotices(db, clock.now()), log),
      every(remindEveryMs, () => remindReviewers(access), log),
      every(3_600_000, () => forgetOnceCalls(db, clock.now()), log),
      every(lookAtOldKeysEveryMs, () => vaultRotation.removeOldKeys(), log),
      every(3_600_000, () => disableIdle(identity, api.endWorkOf), log),
      // A grant that ends by time ends what is open under it within two seconds.
      every(1_000, () => endForbidden(sessions, null), log),
    ];
    closers.push(async () => {
      for (const job of jobs) await job.stop();
    });
    await noteHistory(fleet);
    // Logs are closed before the broker, so that what agents sent last is durable and acknowledged.
    closers.push(async () => {
      for (const session of sessions.live.all()) await session.log.flush();
      for (const { log, artefacts } of automation.outputs.all()) for (const each of [log, artefacts]) await each?.flush();
    });
    return { url, ports, adminSocket, setupLink: await setupLink() };
  }
}

const peopleAtWork = ({ live, dials }: SessionDeps): string[] => [
  ...new Set([...live.all(), ...dials.all()].map(({ userId }) => userId)),
];

function prepareFolder(dataDir: string): void {
  try {
    makePrivateFolder(dataDir);
    writeFileWhole(path.join(dataDir, ".writable"), "");
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown";
    throw new HubError("bad-config", `The data folder ${dataDir} cannot be written (${code}). Choose another with --data.`, {
      cause,
    });
  }
}

function cookieSecret(dataDir: string): string {
  const file = path.join(dataDir, "keys", "cookie-secret");
  try {
    return readFileSync(file, "utf8").trim();
  } catch {
    writeFileWhole(file, `${randomBytes(32).toString("base64url")}\n`);
    return readFileSync(file, "utf8").trim();
  }
}

function archiveOf(s3: NonNullable<Config["s3"]>, changes: Changes, log: Log): ArchiveOptions {
  return {
    store: new S3Store(s3),
    cacheBytesMax: s3.cacheBytesMax,
    onState: ({ failure, ...state }) => {
      if (failure === null) log.info(state, "recordings are stored again");
      else log.warn({ ...state, failure }, "recordings cannot be stored; they wait here");
      changes.announce(null, "storage");
    },
  };
}

function readCertificate(config: Config): { cert: string; key: string } | null {
  if (config.tlsCert === undefined || config.tlsKey === undefined) return null;
  try {
    return { cert: readFileSync(config.tlsCert, "utf8"), key: readFileSync(config.tlsKey, "utf8") };
  } catch (cause) {
    throw new HubError(
      "bad-config",
      `The certificate cannot be read: ${cause instanceof Error ? cause.message : "unknown reason"}. Check SALLYPORT_TLS_CERT and SALLYPORT_TLS_KEY.`,
      { cause },
    );
  }
}
