// The hub as a program: reads its configuration, starts, tells its parent what happens, and ends in order.
import { readFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { setFlagsFromString } from "node:v8";
import { createHub, type Layout, type Step } from "./hub.ts";
import { helpText, readConfig } from "./platform/config.ts";
import { HubError } from "./platform/errors.ts";
import { createLog, errorFields } from "./platform/log.ts";

const here = import.meta.dirname; // hub/dist
const root = path.resolve(here, "../..");
const { version }: { version: string } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));

const layout: Layout = {
  consoleDir: path.join(root, "web/out"),
  agentDist: path.join(root, "agent/dist"),
  agentPack: path.join(root, "agent/pack.mjs"),
  installScript: path.join(root, "scripts/install.sh"),
  migrationsDir: path.join(root, "hub/migrations"),
  screenWorker: pathToFileURL(path.join(here, "screen-worker.js")),
  version,
};

// What is relayed passes through memory outside of V8's heap, which V8 counts all the same: with a heap as small as ours it would mark
// all of it for every 6 MB. Three times the heap before the next marking halves the collector's share and costs up to 60 MB under load.
setFlagsFromString("--heap-growing-percent=200");

/** To the start script, when there is one. */
const tell = (message: object): void => {
  if (process.connected) process.send?.(message);
};

const step: Step = (id, title) => {
  const from = performance.now();
  tell({ event: "step", id, title, state: "start" });
  return () => tell({ event: "step", id, title, state: "done", ms: Math.round(performance.now() - from) });
};

async function main(): Promise<void> {
  const argv = process.argv.slice(2);
  if (argv.includes("--help")) {
    process.stdout.write(`${helpText()}\n`);
    return;
  }
  if (argv.includes("--version")) {
    process.stdout.write(`${version}\n`);
    return;
  }
  const config = readConfig(argv);
  const log = createLog(config.logLevel);
  process.on("unhandledRejection", (reason) => log.error(errorFields(reason), "a promise was left to fail")); // one request's bug must not end everybody's session
  const hub = await createHub(config, layout, log, { step });
  let closing = false;
  const close = (why: string) => {
    if (closing) return;
    closing = true;
    log.info({ why }, "closing");
    hub.close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.on("SIGTERM", () => close("SIGTERM"));
  process.on("SIGINT", () => close("SIGINT"));
  process.on("disconnect", () => close("the start script is gone"));
  log.info({ version, url: hub.url, agentPort: hub.ports.agents }, "hub listens");
  tell({
    event: "ready",
    url: hub.url,
    agentPort: hub.ports.agents,
    adminSocket: hub.adminSocket,
    setupLink: hub.setupLink,
    dataDir: path.resolve(config.dataDir),
    publicUrls: config.publicUrl === undefined ? [] : [config.publicUrl],
  });
  // Alone, without a start script, the link has to come from here.
  if (!process.connected) process.stdout.write(`${hub.url}\n${hub.setupLink === null ? "" : `${hub.setupLink}\n`}`);
}

main().catch((error: unknown) => {
  const message =
    error instanceof HubError
      ? error.message
      : `The hub could not start: ${error instanceof Error ? error.message : String(error)}.`;
  tell({ event: "failed", message });
  process.stderr.write(`${message}\n`);
  if (!(error instanceof HubError) && error instanceof Error) process.stderr.write(`${error.stack ?? ""}\n`);
  process.exit(1);
});
