// What a host that is becoming an agent asks over HTTPS: the installer, the files, the enrolment. No sign-in; the token is the credential.
import { createReadStream, existsSync, readFileSync, statSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { z } from "zod";
import { enrolAgent } from "../fleet/enrol-agent.ts";
import { noteInstallStarted } from "../fleet/enrolment-tokens.ts";
import { enrol, installProgress } from "../fleet/input.ts";
import type { Attempts } from "../identity/attempts.ts";
import { HubError, notFound } from "../platform/errors.ts";
import { readJson } from "./body.ts";
import type { ApiDeps } from "./deps.ts";
import { addressOf } from "./request.ts";

export type AgentFiles = {
  /** Folder of the built agent: manifest.json and the files it names. */
  dist: string;
  installScript: string;
  /** Tries per address: wide, since a fleet tool enrols a network's hosts behind one NAT in one go. */
  enrolments: Attempts;
  /** Builds the runtime of an architecture other than the hub's, once. */
  packRuntime(arch: "x64" | "arm64"): Promise<void>;
};

const manifestShape = z.object({
  version: z.string(),
  files: z.record(z.string(), z.object({ sha256: z.string(), bytes: z.number() })),
});

/** Two of the three are small, and hosts with a bad line start over; still, nobody needs to fetch a hundred. */
const fetchesAtOnceMax = 64;
let fetching = 0;

/** False when the path is none of these. @throws HubError. */
export async function serveAgentEndpoint(
  hub: ApiDeps,
  files: AgentFiles,
  request: IncomingMessage,
  response: ServerResponse,
  pathname: string,
): Promise<boolean> {
  switch (`${request.method} ${pathname}`) {
    case "GET /install.sh": {
      const script = installer(hub, files, request);
      response.writeHead(200, { "content-type": "text/x-shellscript; charset=utf-8", "cache-control": "no-store" }).end(script);
      return true;
    }
    case "POST /agent/install-progress": {
      limit(files, request);
      const { token } = installProgress.parse(await readJson(request));
      await noteInstallStarted(hub.fleet, token);
      sendJson(response, {});
      return true;
    }
    case "POST /agent/enrol": {
      limit(files, request);
      const agent = await enrolAgent(hub.fleet, enrol.parse(await readJson(request)), addressOf(request));
      sendJson(response, { agentId: agent.id, hubId: hub.keys.hubId, agentPort: hub.ports.agents, name: agent.name });
      return true;
    }
  }
  const name = /^\/agent\/([A-Za-z0-9.-]{1,80})$/.exec(pathname)?.[1];
  if (name === undefined || (request.method !== "GET" && request.method !== "HEAD")) return false;
  await sendFile(files, name, request, response);
  return true;
}

function installer(hub: ApiDeps, files: AgentFiles, request: IncomingMessage): string {
  const manifest = readManifest(files);
  const host = request.headers.host ?? `localhost:${hub.ports.console}`;
  const known = Object.entries(manifest.files).map(([name, file]) => `${file.sha256} ${file.bytes} ${name}`);
  const values: Record<string, string> = {
    HUB_URL: /^[A-Za-z0-9.[\]:-]{1,255}$/.test(host) ? `https://${host}` : (hub.config.publicUrl ?? ""),
    HUB_PIN: hub.keys.pin,
    HUB_ID: hub.keys.hubId,
    HUB_KEY: hub.keys.signingPublicKey,
    HUB_CA: Buffer.from(hub.keys.caPem).toString("base64"),
    AGENT_PORT: String(hub.ports.agents),
    MANIFEST: known.join("\n"),
  };
  return readFileSync(files.installScript, "utf8").replace(
    /@(HUB_URL|HUB_PIN|HUB_ID|HUB_KEY|HUB_CA|AGENT_PORT|MANIFEST)@/g,
    (_, name: string) => values[name] ?? "",
  );
}

function readManifest(files: AgentFiles): z.infer<typeof manifestShape> {
  const file = path.join(files.dist, "manifest.json");
  if (!existsSync(file)) throw new HubError("unavailable", "The agent has not been built on this hub. Run npm run build there.");
  return manifestShape.parse(JSON.parse(readFileSync(file, "utf8")));
}

async function sendFile(files: AgentFiles, name: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const arch = /^runtime-linux-(x64|arm64)\.tar\.gz$/.exec(name)?.[1];
  if (arch === "x64" || arch === "arm64") await files.packRuntime(arch);
  // Only what the manifest names leaves this folder.
  if (name !== "manifest.json" && readManifest(files).files[name] === undefined) throw notFound("file");
  const file = path.join(files.dist, name);
  if (!existsSync(file)) throw notFound("file");
  if (fetching >= fetchesAtOnceMax)
    throw new HubError("too-many", "Many hosts are fetching the agent right now; try again in a minute.");
  response.writeHead(200, {
    "content-type": name.endsWith(".json") ? "application/json" : "application/gzip",
    "content-length": statSync(file).size,
  });
  if (request.method === "HEAD") {
    response.end();
    return;
  }
  fetching++;
  try {
    await pipeline(createReadStream(file), response);
  } finally {
    fetching--;
  }
}

function limit(files: AgentFiles, request: IncomingMessage): void {
  const allowed = files.enrolments.take(addressOf(request) ?? "", Date.now());
  if (!allowed.ok)
    throw new HubError("rate-limited", `Too many tries from this address. Try again in ${allowed.retryAfterSeconds} seconds.`, {
      facts: { retryAfterSeconds: allowed.retryAfterSeconds },
    });
}

const sendJson = (response: ServerResponse, body: unknown) =>
  response.writeHead(200, { "content-type": "application/json", "cache-control": "no-store" }).end(JSON.stringify(body));
