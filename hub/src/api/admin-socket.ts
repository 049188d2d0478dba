// The admin socket: a unix socket in the data folder, for the command line on the hub's own host. Whoever may open it owns the data anyway.

import { createHash } from "node:crypto";
import { chmodSync, rmSync } from "node:fs";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import { z } from "zod";
import { countAgents } from "../fleet/agents.ts";
import { makeToken } from "../fleet/enrolment-tokens.ts";
import { installCommand } from "../fleet/install-command.ts";
import { insertAccessKey } from "../identity/access-keys.ts";
import { findUserByEmail } from "../identity/people.ts";
import { HubError, notFound } from "../platform/errors.ts";
import { writeFileWhole } from "../platform/files.ts";
import { displayName } from "../platform/input.ts";
import { turnOffSignInRules } from "../rules/manage-rules.ts";
import { readJson } from "./body.ts";
import type { ApiDeps } from "./deps.ts";
import { toHubError } from "./trpc.ts";

export type AdminDeps = { hub: ApiDeps; orgId: string; url: string; setupLink(): Promise<string | null> };

const local = { id: "local", name: "hub host" };
const keyInput = z.object({ email: z.email(), name: displayName });

/** sockaddr_un holds 107 bytes; a deep data folder gets a short path elsewhere, and a file that names it. */
export function adminSocketPath(dataDir: string): string {
  const inside = path.join(dataDir, "hub.sock");
  if (inside.length <= 100) return inside;
  const elsewhere = path.join(os.tmpdir(), `sallyport-${createHash("sha256").update(dataDir).digest("hex").slice(0, 12)}.sock`);
  writeFileWhole(path.join(dataDir, "hub.sock.path"), `${elsewhere}\n`);
  return elsewhere;
}

export async function listenForAdmin(deps: AdminDeps, socketPath: string): Promise<{ close(): Promise<void> }> {
  rmSync(socketPath, { force: true }); // the data folder is locked, so this one is dead
  const server = http.createServer((request, response) => {
    answer(deps, `${request.method} ${request.url}`, request).then(
      (body) => response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body)),
      (error: unknown) => {
        const known = toHubError(error);
        response
          .writeHead(known.status, { "content-type": "application/json" })
          .end(JSON.stringify({ code: known.code, message: known.message }));
      },
    );
  });
  const mask = process.umask(0o177); // never open to others, not even for a moment
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(socketPath, resolve);
    });
  } finally {
    process.umask(mask);
  }
  chmodSync(socketPath, 0o600);
  return {
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      rmSync(socketPath, { force: true });
    },
  };
}

async function answer(deps: AdminDeps, call: string, request: http.IncomingMessage): Promise<unknown> {
  const { hub, orgId, url } = deps;
  switch (call) {
    case "GET /status":
      return {
        version: hub.version,
        startedAt: hub.startedAt.toISOString(),
        url,
        agents: await countAgents(hub.fleet.db, orgId),
        sessions: { live: hub.sessions.live.size },
        runs: { running: hub.automation.outputs.size },
        database: {
          kind: hub.database.kind,
          ok: await hub.database.ping().then(
            () => true,
            () => false,
          ),
        },
        storage: { state: hub.sessions.store.room.state, freeBytes: hub.sessions.store.room.freeBytes },
        archive: hub.sessions.store.archive,
        auditExports: hub.auditExports(),
        memory: { rssBytes: process.memoryUsage.rss() },
        dataDir: hub.config.dataDir,
        setupLink: await deps.setupLink(),
      };
    case "POST /access-keys": {
      const input = keyInput.parse(await readJson(request));
      const user = await findUserByEmail(hub.identity.db, input.email);
      if (user === null || user.disabledAt !== null || !user.accepted)
        throw new HubError("not-found", `There is no active person with the address ${input.email}.`, {
          facts: { what: "person" },
        });
      return insertAccessKey(hub.identity, user, local, null, { name: input.name, scopes: null, addresses: [] });
    }
    case "POST /enrolment-tokens": {
      const { id, token, expiresAt } = await makeToken(hub.fleet, { orgId, actor: local, ip: null }, {});
      const hubUrl = `https://localhost:${hub.ports.console}`;
      return {
        id,
        token,
        command: installCommand({ hubUrl, pin: hub.keys.pin, token }),
        expiresAt: expiresAt.toISOString(),
        hubUrl,
        caPem: hub.keys.caPem,
        hubId: hub.keys.hubId,
        hubKey: hub.keys.signingPublicKey,
        agentPort: hub.ports.agents,
      };
    }
    case "GET /vault":
      return hub.vaultRotation.state;
    case "POST /vault/rotations":
      return hub.vaultRotation.begin({ actor: local, ip: null });
    case "POST /sign-in-rules/off":
      return { off: await turnOffSignInRules(hub.rules) };
    case "GET /doctor":
      return { checks: await runChecks(hub, url) };
    default:
      throw notFound("command");
  }
}

async function runChecks(hub: ApiDeps, url: string): Promise<{ name: string; ok: boolean; detail: string }[]> {
  const { statfs } = await import("node:fs/promises");
  const disk = await statfs(hub.config.dataDir);
  const freeMiB = Math.floor((disk.bavail * disk.bsize) / 1_048_576);
  const database = await hub.database.ping().then(
    () => ({ ok: true, detail: `PostgreSQL ${hub.database.version}, ${hub.database.kind}` }),
    (error: unknown) => ({
      ok: false,
      detail: `does not answer: ${error instanceof Error ? error.message : "no reason given"}. Check DATABASE_URL, or restart the hub.`,
    }),
  );
  const days = Math.floor((hub.keys.certNotAfter.getTime() - Date.now()) / 86_400_000);
  return [
    { name: "console", ok: true, detail: url },
    { name: "agents' port", ok: true, detail: `${hub.ports.agents}, ${hub.fleet.links.size} linked` },
    { name: "database", ...database },
    {
      name: "disk",
      ok: freeMiB > 1_024,
      detail: `${freeMiB} MiB free in ${hub.config.dataDir}${freeMiB > 1_024 ? "" : "; below 100 MiB new sessions are refused"}`,
    },
    { name: "certificate", ok: days > 7, detail: `valid for ${days} days; renewed at a start within 30 days of its end` },
  ];
}
