// The broker with what it stands on and nothing above it: for tests that have to send what no person could ask for.
import { generateKeyPairSync, type KeyObject, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { newId } from "@sallyport/protocol/ids";
import type { Sql } from "postgres";
import { CheckpointSigner } from "../audit/checkpoint.ts";
import { CheckpointFile } from "../audit/checkpoint-file.ts";
import { Checkpoints } from "../audit/checkpoints.ts";
import { Witnesses } from "../audit/witnesses.ts";
import { ExecutionOutputs } from "../automation/execution-output.ts";
import { FileStreams } from "../automation/file-streams.ts";
import { Broker } from "../broker/broker.ts";
import { listenForAgents } from "../broker/listen.ts";
import { FileStore } from "../files/file-store.ts";
import { Duplicates } from "../fleet/duplicates.ts";
import { LinkRows } from "../fleet/link-rows.ts";
import { AgentLinks } from "../fleet/links.ts";
import { Orders } from "../fleet/orders.ts";
import { LogStore } from "../logs/log-store.ts";
import { Neighbours } from "../neighbours/neighbours.ts";
import { Changes } from "../platform/changes.ts";
import { systemClock } from "../platform/clock.ts";
import { type OpenDatabase, openDatabase } from "../platform/database.ts";
import { loadEvidenceKey } from "../platform/evidence-key.ts";
import { type HubKeys, loadHubKeys } from "../platform/hub-keys.ts";
import { createLog } from "../platform/log.ts";
import { Vault } from "../platform/vault.ts";
import { LiveDials } from "../sessions/live-dial.ts";
import { LiveSessions } from "../sessions/live-sessions.ts";
import { rawPublicKey, type TestIdentity } from "./test-agent.ts";
import { createTestDatabase } from "./test-database.ts";

const migrationsDir = path.resolve(import.meta.dirname, "../../migrations");

export class TestBroker {
  readonly broker: Broker;
  readonly links: AgentLinks;
  readonly orders: Orders;
  readonly #keys: HubKeys;
  readonly #port: { port: number; close(): void };
  readonly sql: Sql;
  readonly #database: OpenDatabase;
  readonly #dataDir: string;

  private constructor(
    parts: Pick<TestBroker, "broker" | "links" | "orders">,
    held: { keys: HubKeys; port: { port: number; close(): void }; sql: Sql; database: OpenDatabase; dataDir: string },
  ) {
    ({ broker: this.broker, links: this.links, orders: this.orders } = parts);
    this.#keys = held.keys;
    this.#port = held.port;
    this.sql = held.sql;
    this.#database = held.database;
    this.#dataDir = held.dataDir;
  }

  static async start({ perAddressMax = 1_000 } = {}): Promise<TestBroker> {
    const dataDir = mkdtempSync(path.join(os.tmpdir(), "sallyport-broker-"));
    const { url, sql } = await createTestDatabase();
    const database = await openDatabase({ url }, { migrationsDir });
    const keys = await loadHubKeys(dataDir, null);
    const { db } = database;
    const links = new AgentLinks(() => {});
    const file = await CheckpointFile.open(dataDir);
    const signer = new CheckpointSigner(loadEvidenceKey(dataDir), keys.hubId);
    const checkpoints = await Checkpoints.start({ db, clock: systemClock, signer, file });
    await file.close();
    const shared = { db, clock: systemClock, log: createLog("fatal"), links, changes: new Changes() };
    const orders = new Orders({ ...shared, signingKey: keys.signingKey });
    const kept = { ...shared, orders, store: new LogStore(dataDir) };
    const vault = Vault.open(dataDir);
    const neighbours = new Neighbours({ ...kept, links, vault, hostKeyPolicy: "first" });
    const broker = await Broker.create({
      ...shared,
      orders,
      fleet: {
        ...shared,
        linkRows: new LinkRows(db),
        witnesses: new Witnesses({ ...shared, checkpoints, hubId: keys.hubId }),
        duplicates: new Duplicates(),
        onEnrolled: async () => {},
        onChanged: async () => {},
        onRevoked: async () => {},
      },
      sessions: {
        ...kept,
        unendedOf: async () => [],
        live: new LiveSessions(),
        dials: new LiveDials(),
        neighbours,
        rules: { beforeOpening: async () => {}, lookedAt: async () => new Set(), judge: async () => ({ kind: "pass" }) },
        ownPorts: () => [],
        detachGraceSeconds: 600,
      },
      automation: {
        ...kept,
        hostNamesOf: async () => [],
        unfinishedOf: async () => [],
        commitEnd: async () => {},
        commitMove: async () => null,
        takeQueued: async () => [],
        outputs: new ExecutionOutputs(),
        placings: new Map(),
        fileStreams: new FileStreams({ ...shared, store: new FileStore(dataDir) }),
        vault,
        neighbours,
      },
      hubId: keys.hubId,
      node: "h1",
      perAddressMax,
    });
    const port = await listenForAgents(broker, keys, { host: "127.0.0.1", port: 0 });
    return new TestBroker({ broker, links, orders }, { keys, port, sql, database, dataDir });
  }

  /** Where to dial and what to trust; enough for somebody without a credential. */
  get door(): Pick<TestIdentity, "hubId" | "port" | "caPem"> {
    return { hubId: this.#keys.hubId, port: this.#port.port, caPem: this.#keys.caPem };
  }

  get signingKey(): KeyObject {
    return this.#keys.signingKey;
  }

  /** An agent that has been enrolled, with a key of its own unless one is given. */
  async addAgent(known: { id?: string; publicKey?: string } = {}): Promise<TestIdentity> {
    const { publicKey, privateKey } = generateKeyPairSync("ed25519");
    const [id, zoneId] = [known.id ?? newId("agt"), newId("zon")];
    await this.sql`insert into zones (id, org_id, name, created_at) values (${zoneId}, 'org_test', ${zoneId}, now())`;
    await this.sql`insert into agents (id, org_id, zone_id, name, public_key, enrolled_at)
      values (${id}, 'org_test', ${zoneId}, ${id}, ${known.publicKey ?? rawPublicKey(publicKey)}, now())`;
    return { id, ...this.door, privateKey };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.broker.close();
    this.#port.close();
    await this.#database.close();
    await this.sql.end();
    rmSync(this.#dataDir, { recursive: true, force: true });
  }
}

/** A control message of about this size. */
export const controlMessage = (bytes: number) => ({
  runOffers: { offers: [{ order: randomBytes(bytes), signature: Buffer.alloc(64) }] },
});
