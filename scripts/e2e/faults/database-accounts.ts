// The hub dies without a word while accounts on a database server are made, given more and less, and dropped. What the server gives in the end is what is
// approved then.

import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { startHubParts } from "../../src/system/hub-parts.ts";
import { sallyportCommand } from "../../src/system/launched-hub.ts";
import { startMariaDb } from "../../src/system/mariadb.ts";
import { privateNetwork } from "../../src/system/private-network.ts";
import { tempFolder } from "../../src/system/temp-folder.ts";
import { until } from "../../src/system/until.ts";
import { AskedDatabases, given } from "./asked-databases.ts";
import type { Fault } from "./fault.ts";

const forms = {
  short: { rounds: 1, kills: 2, people: 3, liveMs: 2_000 },
  long: { rounds: 10, kills: 2, people: 5, liveMs: 4_000 },
};
/** After a hub that found no agent yet, the work waits 5 s, then 15, then a minute. */
const settleDeadlineMs = 120_000;

export const databaseAccounts: Fault = {
  name: "database-accounts",
  sentence: "hub kill -9 at random moments while accounts on a MariaDB are made, changed and dropped",
  needs: ["root", "ip", "iptables", "unshare", "/usr/sbin/mariadbd", "mariadb", "mariadb-install-db"],
  slow: true,
  run: async (form) => {
    const { rounds, kills, people, liveMs } = forms[form];
    using folder = tempFolder("database-accounts");
    using network = privateNetwork(32);
    const mariadb = await startMariaDb(network, path.join(folder.path, "mariadb"));
    // An agent dials its neighbours, never its own host by an address of it, so it stands outside.
    network.admit(mariadb.port);
    await using _ended = { [Symbol.asyncDispose]: () => mariadb.stop() };
    await using parts = await startHubParts({ folder: folder.path });
    await parts.addAgent({ name: "one" });
    const asked = await AskedDatabases.start(parts.rest, parts.dataDir, mariadb, people);
    const differences = { more: 0, less: 0 };
    let compared = 0;
    let unsettled = 0;
    let slowestMs = 0;
    const compare = async (isTold: boolean) => {
      const from = performance.now();
      const isSettled = async () => isEqual(given(mariadb), await asked.approved()) && (await asked.unsettled()) === 0;
      // What does not become so is a figure.
      await until("the server gives what is approved", isSettled, { deadlineMs: settleDeadlineMs, everyMs: 250 }).catch(() => {});
      const [wanted, actual] = [await asked.approved(), given(mariadb)];
      differences.more += [...actual].filter((line) => !wanted.has(line)).length;
      differences.less += [...wanted].filter((line) => !actual.has(line)).length;
      unsettled += await asked.unsettled();
      slowestMs = Math.max(slowestMs, performance.now() - from);
      if (isTold) compared += actual.size;
    };
    for (let round = 0; round < rounds; round += 1) {
      for (let kill = 0; kill < kills; kill += 1) {
        const life = asked.live();
        await wait(liveMs / 2 + Math.random() * liveMs);
        await parts.hub().signal("SIGKILL");
        await life;
        await parts.startHub();
      }
      await compare(true);
    }
    const broken = await asked.broken();
    await asked.endAll();
    await compare(false);
    const left = given(mariadb).size;
    await parts.hub().signal("SIGTERM");
    const verified = auditVerifies(parts.dataDir);
    const { approved, narrowed, extended, ended } = asked.counted;
    return {
      rounds,
      figures: [
        { what: "killed", value: rounds * kills, unit: "times" },
        { what: "requests approved", value: approved, unit: "", atLeast: 1 },
        { what: "narrowed", value: narrowed, unit: "" },
        { what: "extended", value: extended, unit: "" },
        { what: "ended by hand", value: ended, unit: "" },
        { what: "accounts and privileges compared", value: compared, unit: "", atLeast: 1 },
        { what: "on the server and not approved", value: differences.more, unit: "", atMost: 0 },
        { what: "approved and not on the server", value: differences.less, unit: "", atMost: 0 },
        { what: "left half way", value: unsettled, unit: "", atMost: 0 },
        { what: "answers taken back", value: broken, unit: "", atMost: 0 },
        { what: "left on the server when all had ended", value: left, unit: "", atMost: 0 },
        { what: "audit logs that do not verify", value: verified ? 0 : 1, unit: "", atMost: 0 },
        { what: "as approved again, slowest", value: slowestMs / 1_000, unit: "s", atMost: 60 },
      ],
    };
  },
};

const isEqual = (one: Set<string>, other: Set<string>): boolean =>
  one.size === other.size && [...one].every((line) => other.has(line));

function auditVerifies(dataDir: string): boolean {
  try {
    sallyportCommand(dataDir, "audit", "verify");
    return true;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return false;
  }
}
