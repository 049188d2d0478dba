// The command line of the agent: reads arguments, calls one use case, says the outcome in a sentence. No secret comes by argument or environment.
import fs from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { clockSkewMsMax } from "@sallyport/protocol/limits";
import { createAgent } from "./agent.ts";
import { readConfig } from "./config.ts";
import { createLog, fileWriter, reasonOf, stderrWriter } from "./log.ts";
import { policyFile, readPolicy } from "./policy.ts";
import { lockState } from "./state/agent-lock.ts";
import { awaitOnline, describeStatus } from "./status.ts";
import { agentVersion } from "./version.ts";

const usage = `sallyport agent ${agentVersion}

  enrol  --hub URL --state DIR --ca FILE --hub-id ID --hub-key B64 --agent-port N [--name N] --token-stdin
  run    --state DIR [--log-file FILE] [--own-key own|FILE]
  status --state DIR [--wait SECONDS] [--json]
  doctor --state DIR [--own-key own|FILE]
  audit-heads --state DIR      what this host has witnessed of the hub's audit log, for: sallyport audit verify --heads
  version

--own-key lets people to whom the hub grants it reach neighbours with a private key of this host: FILE, or one that the agent makes (own).
SALLYPORT_OWN_KEY, or {"ownKey": "own"} in config.json of the state folder, says the same.

The owner of this host says in ${policyFile} whether scripts need an approval, and whose: scripts: approved, approvers: name, site, key.
`;

/** The person may do something about these; a stack would only hide the sentence. */
const expectedErrors = new Set(["StateError", "EnrolRefused", "UsageError"]);

class UsageError extends Error {
  override name = "UsageError";
}

const options = {
  hub: { type: "string" },
  state: { type: "string" },
  ca: { type: "string" },
  "hub-id": { type: "string" },
  "hub-key": { type: "string" },
  "agent-port": { type: "string" },
  name: { type: "string" },
  "token-stdin": { type: "boolean" },
  "log-file": { type: "string" },
  "own-key": { type: "string" },
  wait: { type: "string" },
  json: { type: "boolean" },
} as const;

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    const expected = error instanceof Error && (expectedErrors.has(error.name) || error.name === "TypeError");
    process.stderr.write(
      `${expected || !(error instanceof Error) ? `sallyport: ${reasonOf(error)}` : (error.stack ?? error.message)}\n`,
    );
    process.exitCode = 1;
  },
);

async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
  const needed = (name: "hub" | "state" | "ca" | "hub-id" | "hub-key" | "agent-port"): string => {
    const value = values[name];
    if (value === undefined) throw new UsageError(`--${name} is missing.\n\n${usage}`);
    return value;
  };
  switch (positionals[0]) {
    case "enrol": {
      const { enrol } = await import("./enrol.ts");
      if (!values["token-stdin"])
        throw new UsageError("--token-stdin is missing: the token comes on stdin, where no other account can read it.");
      const enrolled = await enrol({
        stateDir: path.resolve(needed("state")),
        hubUrl: needed("hub"),
        hubId: needed("hub-id"),
        hubKey: needed("hub-key"),
        caPem: fs.readFileSync(needed("ca"), "utf8"),
        agentPort: Number(needed("agent-port")),
        token: fs.readFileSync(0, "utf8").trim(),
        ...(values.name === undefined ? {} : { name: values.name }),
      });
      const skew = enrolled.clockSkewMs ?? 0;
      if (Math.abs(skew) > clockSkewMsMax) {
        process.stderr.write(
          `sallyport: this host's clock is ${Math.round(Math.abs(skew) / 1_000)} s ${skew > 0 ? "ahead of" : "behind"} the hub's. It works; times in logs will not agree.\n`,
        );
      }
      process.stdout.write(`enrolled as ${enrolled.name} (${enrolled.agentId})\n`);
      return 0;
    }
    case "run":
      return run(path.resolve(needed("state")), { logFile: values["log-file"] ?? null, ownKey: values["own-key"] });
    case "status": {
      const stateDir = path.resolve(needed("state"));
      const status = await awaitOnline(stateDir, Number(values.wait ?? 0) * 1_000);
      process.stdout.write(`${values.json ? JSON.stringify(status) : describeStatus(status, stateDir)}\n`);
      return status?.online ? 0 : 1;
    }
    case "doctor": {
      const { describeCheck, examine } = await import("./doctor.ts");
      const stateDir = path.resolve(needed("state"));
      const checks = await examine(stateDir, readConfig({ stateDir, ownKey: values["own-key"] }));
      for (const check of checks) process.stdout.write(`${describeCheck(check)}\n`);
      return checks.every(({ ok }) => ok) ? 0 : 1;
    }
    case "audit-heads": {
      const { allHeads, formatHeads } = await import("./audit/audit-heads.ts");
      process.stdout.write(formatHeads(allHeads(path.resolve(needed("state")))));
      return 0;
    }
    case "version":
      process.stdout.write(`${agentVersion}\n`);
      return 0;
    default:
      process.stderr.write(usage);
      return positionals[0] === undefined ? 0 : 2;
  }
}

async function run(
  stateDir: string,
  { logFile, ownKey }: { logFile: string | null; ownKey: string | undefined },
): Promise<number> {
  const unlock = lockState(stateDir);
  const log = createLog(logFile === null ? stderrWriter : fileWriter(path.resolve(logFile)));
  const readied = { config: readConfig({ stateDir, ownKey }), policy: await readPolicy(policyFile) };
  const agent = createAgent({ stateDir, ...readied, log, runnerFile: runnerFile() });
  const stop = (signal: NodeJS.Signals): void => {
    log.info(`stopping: ${signal}`);
    agent.close();
    unlock();
    setTimeout(() => process.exit(0), 200).unref(); // sockets that do not close must not hold the service
  };
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, stop);
  process.on("SIGHUP", () => {}); // the terminal it was started from has gone; the agent stays
  await agent.run();
  return 0;
}

/** Beside this file: runner.cjs when built, its source otherwise. */
function runnerFile(): string {
  const built = path.join(import.meta.dirname, "runner.cjs");
  return fs.existsSync(built) ? built : path.join(import.meta.dirname, "run", "runner.ts");
}
