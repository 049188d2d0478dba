// A hub whose disk fills up, its embedded database on the same disk: refuses, stays whole, goes on.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statfsSync, statSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { createHub } from "../hub.ts";
import { readConfig } from "../platform/config.ts";
import { createLog } from "../platform/log.ts";
import { eventually } from "../testing/eventually.ts";
import { enrolTestAgent } from "../testing/test-agent.ts";
import { TestClient } from "../testing/test-client.ts";
import { LogStore } from "./log-store.ts";

const admin = { email: "admin@example.org", password: "correct-horse-battery" };
const mebibyte = 1024 * 1024;
const hubRoot = path.resolve(import.meta.dirname, "../..");

const canMount = (() => {
  if (process.getuid?.() !== 0) return false;
  const at = mkdtempSync(path.join(os.tmpdir(), "sallyport-mount-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", at], { stdio: "ignore" });
    execFileSync("umount", [at]);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(at, { recursive: true, force: true });
  }
})();

test.skipIf(!canMount)(
  "a full disk refuses terminals and runs within 5 s, keeps the database, and goes on without a restart (needs root and mount)",
  { timeout: 120_000, retry: 1 },
  async () => {
    const disk = mkdtempSync(path.join(os.tmpdir(), "sallyport-full-"));
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=700m,mode=0755", "tmpfs", disk]);
    const layout = {
      consoleDir: path.join(hubRoot, "../web/out"),
      agentDist: path.join(hubRoot, "../agent/dist"),
      agentPack: path.join(hubRoot, "../agent/pack.mjs"),
      installScript: path.join(hubRoot, "../scripts/install.sh"),
      migrationsDir: path.join(hubRoot, "migrations"),
      screenWorker: pathToFileURL(path.join(hubRoot, "dist/screen-worker.js")),
      version: "0.0.0-test",
    };
    const dataDir = path.join(disk, "data");
    const config = readConfig(["--port", "0", "--host", "127.0.0.1", "--data", dataDir], {
      SALLYPORT_ADMIN_EMAIL: admin.email,
      SALLYPORT_ADMIN_PASSWORD: admin.password,
    });
    const hub = await createHub(config, layout, createLog("fatal"));
    const free = () => {
      const { bavail, bsize } = statfsSync(disk);
      return bavail * bsize;
    };
    /** Leaves so much and no more. */
    const leave = (bytes: number) =>
      execFileSync("fallocate", ["-l", String(free() - bytes), path.join(disk, `filler-${Math.random()}`)]);
    const empty = () => execFileSync("find", [disk, "-maxdepth", "1", "-name", "filler-*", "-delete"]);
    let stopAgent = () => {};
    try {
      const client = await TestClient.signIn(hub.url, admin);
      const { token } = await client.mutate<{ token: string }>("fleet.createEnrolmentToken", {});
      const agent = await enrolTestAgent({ url: hub.url, agentPort: hub.ports.agents, token, dataDir }, {});
      stopAgent = () => agent.stop();
      const assets = await client.query<{ items: { id: string }[] }>("assets.list", {});
      const assetId = assets.items[0]?.id ?? "";
      const run = () => client.rest("POST", "/api/v1/runs", { script: "true", interpreter: "sh", assetIds: [assetId] });
      const terminal = await client.openTerminal(assetId);
      expect((await run()).status).toBe(201);
      // The reserve is there, and not counted as free.
      await eventually(
        () => statSync(path.join(dataDir, "reserve"), { throwIfNoEntry: false })?.size,
        (size) => size === 100 * mebibyte,
      );

      leave(60 * mebibyte); // below what new work needs
      const from = performance.now();
      const refused = await run();
      expect(refused.status).toBe(507);
      expect(await refused.json()).toMatchObject({ code: "storage-full" });
      const turnedAway = await client.openTerminal(assetId);
      await eventually(
        () => turnedAway.closeCode,
        (code) => code === 4507,
      );
      expect(performance.now() - from).toBeLessThan(5_000);
      expect(await client.query("home.summary", undefined)).toMatchObject({ storage: "low", liveSessions: 1 });

      leave(4 * mebibyte); // next to nothing: the terminal ends, the reserve is given up
      await eventually(
        () => client.query<{ storage: string }>("home.summary", undefined),
        ({ storage }) => storage !== "low",
      );
      await eventually(free, (bytes) => bytes > 50 * mebibyte);
      // The database takes rows all the while.
      await client.mutate("fleet.createEnrolmentToken", {});
      await client.mutate("sessions.end", { id: terminal.sessionId });
      expect((await new LogStore(dataDir).verify(terminal.sessionId, null)).state).toBe("ok");

      empty();
      const recovered = performance.now();
      await eventually(run, ({ status }) => status === 201);
      expect(JSON.stringify((await client.openTerminal(assetId)).messages)).not.toContain("storage-full");
      expect(performance.now() - recovered).toBeLessThan(5_000);
    } finally {
      stopAgent();
      await hub.close();
      execFileSync("umount", ["-l", disk]); // the database's last child may still be leaving
      rmSync(disk, { recursive: true, force: true });
    }
  },
);
