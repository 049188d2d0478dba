// A fleet of simulated agents on a hub that is measured: rows as enrolment would have left them, and the processes that speak for them.
import { type ChildProcess, fork } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import os from "node:os";
import path from "node:path";
import { newId } from "@sallyport/protocol/ids";
import { askHub } from "../launch/admin-socket.mjs";
import type { HubParts } from "../system/hub-parts.ts";
import { ownDatabase } from "../system/own-database.ts";
import { until } from "../system/until.ts";
import type { FleetOrder, FleetReport } from "./fleet-agents.ts";
import type { Printing } from "./simulated-execution.ts";

/** Connections of one process: its file descriptors are capped at 4096 where nobody raised it, and one thread must keep up. */
const agentsPerProcess = 2_500;

export type SimulatedFleet = Disposable & {
  /** Of all processes together. */
  counted(what: Exclude<keyof FleetReport, "mostTriesInAMinute">): Promise<number>;
  mostTriesInAMinute(): Promise<number>;
  /** What executions print from now on. */
  print(printing: Printing): Promise<void>;
};

/** The hub's settings for agents that all come from one address. */
export const oneAddressArgs = ["--per-address-max", "2500"];

/** They begin to dial. @param perSecond new dials, so that the first wave measures the hub and not a storm. */
export async function startFleet(
  parts: HubParts,
  agents: Simulated[],
  { perSecond, printing }: { perSecond: number; printing: Printing | null },
): Promise<SimulatedFleet> {
  const { body } = await askHub(parts.dataDir, "POST", "/enrolment-tokens", {});
  const { caPem, hubId } = body as { caPem: string; hubId: string };
  const processes: ChildProcess[] = [];
  const size = Math.ceil(agents.length / Math.ceil(agents.length / agentsPerProcess));
  for (let at = 0; at < agents.length; at += size) {
    const child = fork(path.join(import.meta.dirname, "fleet-agents.ts"), { execArgv: ["--max-semi-space-size=16"] });
    processes.push(child);
    // Hosts of their own would not take the hub's turns on two processors.
    if (child.pid !== undefined) os.setPriority(child.pid, os.constants.priority.PRIORITY_LOW);
    const order: FleetOrder = {
      type: "start",
      host: "127.0.0.1",
      port: parts.address.agentPort,
      hubId,
      caPem,
      agents: agents.slice(at, at + size).map(({ id, key }) => ({ id, key })),
      perSecond: perSecond / Math.ceil(agents.length / size),
      printing,
    };
    child.send(order);
  }
  const reports = () => Promise.all(processes.map((child) => told(child, { type: "report" })));
  return {
    counted: async (what) => (await reports()).reduce((sum, one) => sum + one[what], 0),
    mostTriesInAMinute: async () => Math.max(...(await reports()).map((one) => one.mostTriesInAMinute)),
    print: async (now) => {
      await Promise.all(processes.map((child) => told(child, { type: "print", printing: now })));
    },
    [Symbol.dispose]: () => {
      for (const child of processes) child.kill("SIGKILL");
    },
  };
}

export type Simulated = { id: string; key: string; assetId: string };

/** Rows as enrolment would have left them: what is measured is the link, and ten thousand enrolments would take minutes. Only this hub's own database. */
export async function enrolled(dataDir: string, count: number): Promise<Simulated[]> {
  const sql = ownDatabase(dataDir);
  try {
    const [zone] = await sql<{ id: string; org: string }[]>`select id, org_id as org from zones limit 1`;
    if (zone === undefined) throw new Error("the hub has no zone");
    const keys: Simulated[] = [];
    for (let at = 0; at < count; at += 1_000) {
      const rows = Array.from({ length: Math.min(1_000, count - at) }, (_, n) => {
        const { privateKey, publicKey } = generateKeyPairSync("ed25519");
        const id = newId("agt");
        keys.push({ id, assetId: newId("ast"), key: privateKey.export({ format: "der", type: "pkcs8" }).toString("base64") });
        return {
          id,
          org_id: zone.org,
          zone_id: zone.id,
          name: `simulated-${at + n}`,
          public_key: publicKey.export({ format: "der", type: "spki" }).subarray(-32).toString("base64"),
          enrolled_at: new Date(),
        };
      });
      await sql`insert into agents ${sql(rows)}`;
      const hosts = rows.map(({ id, org_id, zone_id, name }, n) => ({
        id: keys[at + n]?.assetId ?? "",
        org_id,
        agent_id: id,
        zone_id,
        category: "host",
        name,
        platform: "linux",
        created_at: new Date(),
        updated_at: new Date(),
      }));
      await sql`insert into assets ${sql(hosts)}`;
    }
    return keys;
  } finally {
    await sql.end();
  }
}

/** Resolves without them when the time is over: how many are missing is a figure of the measurement. */
export async function allOnline(
  fleet: SimulatedFleet,
  count: number,
  deadlineMs: number,
  from: number,
  meanwhile: () => Promise<void> = async () => {},
): Promise<void> {
  let online = -1;
  try {
    await until(
      `${count} agents online`,
      async () => {
        await meanwhile();
        online = await fleet.counted("online");
        return online === count;
      },
      { deadlineMs: deadlineMs - (performance.now() - from), everyMs: 250 },
    );
  } catch (error) {
    process.stderr.write(`${online} of ${count} were online when the time was over\n`);
    if (online < 0) throw error;
  }
}

const told = (child: ChildProcess, order: FleetOrder) =>
  new Promise<FleetReport>((resolve) => {
    child.once("message", (message) => resolve(message as FleetReport));
    child.send(order);
  });
