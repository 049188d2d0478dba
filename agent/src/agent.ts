// The agent: makes its parts and joins them. The only wiring; decides nothing itself.
import { randomUUID } from "node:crypto";
import path from "node:path";
import { newSealingKey, rawSealingKey, signSealingKey } from "@sallyport/protocol/sealed";
import { StreamMux } from "@sallyport/protocol/stream/mux";
import { AuditHeads } from "./audit/audit-heads.ts";
import type { Config } from "./config.ts";
import { dispatch } from "./dispatch.ts";
import { ContentCache } from "./files/content-cache.ts";
import { Transfers } from "./files/transfers.ts";
import { Heartbeat } from "./heartbeat.ts";
import { HubClock } from "./hub-clock.ts";
import { Inventory } from "./inventory/inventory.ts";
import type { UpBody } from "./link/connection.ts";
import { Link, type LinkState } from "./link/link.ts";
import { type Log, reasonOf } from "./log.ts";
import { OrderGate } from "./orders/order-gate.ts";
import type { AgentParts } from "./parts.ts";
import type { Policy } from "./policy.ts";
import { ApprovalUses } from "./run/approval-uses.ts";
import { Journal } from "./run/journal.ts";
import { Runs } from "./run/runs.ts";
import { Sessions } from "./session/sessions.ts";
import { HubAsks } from "./ssh/hub-asks.ts";
import { Neighbours } from "./ssh/neighbours.ts";
import { OwnKey } from "./ssh/own-key.ts";
import { loadIdentity } from "./state/identity.ts";
import { StatusFile } from "./status.ts";
import { agentVersion, protocolVersion } from "./version.ts";

/**
 * "shell": pty sessions. "exec": scripts. "dial": TCP connections. "ssh": shells and commands on neighbours; "own-key": with a key of this host,
 * "secret-lines": commands that are told secrets on stdin. "equip": scripts there, and with secrets. "files": placed before a script. "artefacts":
 * collected after it, on this host; "neighbour-artefacts": and on those. "approvals": those that orders carry are checked; "approved-only": no script
 * runs without one.
 */
const capabilitiesWith = (ownKey: OwnKey, policy: Policy): string[] => [
  "shell",
  "exec",
  "dial",
  "ssh",
  "secret-lines",
  "equip",
  "files",
  "artefacts",
  "neighbour-artefacts",
  "approvals",
  ...(policy.scripts === "approved" ? ["approved-only"] : []),
  ...(ownKey.allowed ? ["own-key"] : []),
];

export type Agent = {
  /** Runs until {@link Agent.close}; failures of the link never end it. */
  run(): Promise<void>;
  /** Terminals end, scripts go on. */
  close(): void;
};

/** @throws StateError when this host is not enrolled. */
export function createAgent({
  stateDir,
  config,
  policy,
  log,
  runnerFile,
}: {
  stateDir: string;
  config: Config;
  policy: Policy;
  log: Log;
  runnerFile: string;
}): Agent {
  const { identity, key, hubKey } = loadIdentity(stateDir);
  const instanceId = randomUUID();
  // In memory only: what was sealed to a process that has ended, nobody opens any more.
  const sealingPrivate = newSealingKey();
  const sealingKey = rawSealingKey(sealingPrivate);
  const sealingSignature = signSealingKey(sealingKey, identity, key);
  const status = new StatusFile(stateDir, { version: agentVersion, agentId: identity.agentId, hubUrl: identity.hubUrl });
  const clock = new HubClock();
  const send = (body: UpBody): boolean => link.send(body);

  const mux = new StreamMux({
    onFault: (end, fault) => {
      log.warn(`stream ${end.stream}: the hub broke its rules: ${fault.message}`);
      sessions.get(end.stream)?.abandon();
      runs.dropOutput(end.stream);
      transfers.dropStream(end.stream);
    },
    onStray: () => {}, // a stream that ended while the frame was on its way
  });
  const gate = new OrderGate({ agentId: identity.agentId, hubKey, clock, sequenceFile: path.join(stateDir, "sequence") });
  const asks = new HubAsks(send);
  const hubAddresses = (): string[] => link.hubAddresses;
  const ownKey = new OwnKey({ setting: config.ownKey, stateDir, agentId: identity.agentId });
  const neighbours = new Neighbours({ agentId: identity.agentId, sealingKey: sealingPrivate, asks, ownKey, hubAddresses });
  const sessions = new Sessions({ mux, config, log, hubAddresses, send, neighbours });
  const journal = new Journal(path.join(stateDir, "journal"));
  const transfers = new Transfers({ cache: new ContentCache(path.join(stateDir, "files")), mux, log, send });
  const approvalUses = new ApprovalUses(path.join(stateDir, "approvals"));
  const runs = new Runs({ approvalUses, journal, mux, clock, log, send, runnerFile, neighbours, transfers, path: config.path });
  const inventory = new Inventory(send, () => ownKey.facts());
  const auditHeads = new AuditHeads({ stateDir, hubId: identity.hubId, log });
  const heartbeat = new Heartbeat({ send, onSilence: () => link.drop(), onRoundTrip: (ms) => mux.noteRoundTrip(ms) });
  const onState = (state: LinkState): void => {
    try {
      status.write(state);
    } catch (error) {
      log.warn(`status.json not written: ${reasonOf(error)}`); // a full disk must not end the link
    }
    if (state.online) return;
    mux.detach();
    heartbeat.stop();
    sessions.linkLost();
    runs.linkLost();
    transfers.linkLost();
  };
  const hello = (): UpBody => ({
    hello: {
      protocol: protocolVersion,
      agentVersion,
      instanceId,
      agentTimeMs: Date.now(),
      facts: inventory.facts,
      streams: [...sessions.liveStreams(), ...runs.liveStreams()],
      journal: runs.journalEntries(),
      capabilities: capabilitiesWith(ownKey, policy),
      sealingKey,
      sealingSignature,
      auditHeads: auditHeads.report(),
    },
  });
  const link = new Link({
    identity,
    key,
    config,
    log,
    hooks: {
      hello,
      onMessage: (message) => {
        try {
          dispatch(parts, message);
        } catch (error) {
          // The one edge: a message this host cannot follow must not take the terminals of others along.
          log.error(`${message.body}: ${reasonOf(error)}`);
        }
      },
      onFrame: (frame) => mux.receive(frame),
      onRoom: () => mux.flush(),
      onState,
      sessionsLive: () => sessions.live > 0,
    },
  });
  const parts: AgentParts = {
    identity,
    hubKey,
    policy,
    config,
    log,
    clock,
    gate,
    mux,
    link,
    heartbeat,
    sessions,
    journal,
    runs,
    approvalUses,
    transfers,
    asks,
    auditHeads,
  };

  return {
    run: async () => {
      log.info(`agent ${identity.name} (${identity.agentId}) of ${identity.hubUrl}, version ${agentVersion}`);
      onState({ online: false, reason: "starting" });
      ownKey.prepare();
      const { ownKeyProblem } = ownKey.facts();
      if (ownKeyProblem !== "") log.error(`own key: ${ownKeyProblem}`);
      await inventory.start();
      await link.run();
    },
    close: () => {
      link.stop();
      heartbeat.stop();
      inventory.stop();
      sessions.closeAll();
      runs.close();
      mux.detach();
    },
  };
}
