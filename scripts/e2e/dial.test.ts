// TCP through the agent, as a person uses it: a local port, plain programs at both ends, the hub's records between.
import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import net from "node:net";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DialRefused, DialStream } from "../src/system/dial-client.ts";
import {
  adminEnvironment,
  checkout,
  firstAdmin,
  type LaunchedHub,
  launchHub,
  sallyportCommand,
} from "../src/system/launched-hub.ts";
import { type Asset, RestClient } from "../src/system/rest-client.ts";
import { type TempFolder, tempFolder } from "../src/system/temp-folder.ts";
import { until } from "../src/system/until.ts";

const MiB = 1024 * 1024;
const sum = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

describe("a TCP connection through the agent", () => {
  let folder: TempFolder;
  let hub: LaunchedHub;
  let rest: RestClient;
  let asset: Asset;
  /** Says of what it was sent how many bytes and which they were, once that has ended. */
  let server: net.Server;
  let port = 0;

  beforeAll(async () => {
    folder = tempFolder("dial");
    hub = await launchHub({ dataDir: path.join(folder.path, "data"), env: adminEnvironment });
    rest = new RestClient(
      hub.url,
      sallyportCommand(hub.dataDir, "access-key", "create", "--email", firstAdmin.email, "--name", "e2e").trim(),
    );
    asset = await rest.onlineAsset();
    server = net.createServer({ allowHalfOpen: true }, (socket) => {
      const hash = createHash("sha256");
      let bytes = 0;
      socket.on("error", () => {});
      socket.on("data", (data: Buffer) => {
        hash.update(data);
        bytes += data.length;
      });
      socket.on("end", () => socket.end(`${bytes} ${hash.digest("hex")}\n`));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    port = typeof address === "object" && address !== null ? address.port : 0;
  });
  afterAll(async () => {
    await new Promise((resolve) => server.close(resolve));
    await hub.stop();
    folder[Symbol.dispose]();
  });

  const dial = (to = port) => DialStream.open({ url: hub.url, key: rest.key, assetId: asset.id, port: to });
  const textOf = async (stream: NodeJS.ReadableStream) => {
    let text = "";
    for await (const data of stream) text += String(data);
    return text;
  };

  test("64 MiB arrive as they were sent, and the answer comes after the end", async () => {
    const bytes = randomBytes(64 * MiB);
    const stream = await dial();
    stream.end(bytes);
    expect(await textOf(stream)).toBe(`${bytes.length} ${sum(bytes)}\n`);
  }, 60_000);

  test("what nothing listens on is refused in words", async () => {
    const refusal = await dial(1).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(DialRefused);
    expect(refusal).toMatchObject({ code: "agent-refused", message: "Nothing listens on that port." });
  });

  test("the agent killed ends the connection, and says so in the records", async () => {
    const stream = await dial();
    const agent = hub.processes().find(({ command }) => command.includes("agent.cjs run"));
    if (agent === undefined) throw new Error("no agent runs");
    const over = once(stream, "error").catch((error: unknown) => [error]);
    process.kill(agent.pid, "SIGKILL");
    await over;
    await until("the records say so", async () => (await rest.sessions()).some(({ endReason }) => endReason === "agent-lost"));
    await rest.onlineAsset();
  }, 60_000);

  test("the forwarding command carries plain programs' connections, several at once, and ends with Ctrl-C", async () => {
    const child = spawn(
      process.execPath,
      [path.join(checkout, "scripts/bin/sallyport.mjs"), "forward", asset.name, String(port), "--hub", hub.url],
      {
        env: { PATH: process.env.PATH ?? "", SALLYPORT_ACCESS_KEY: rest.key },
        stdio: ["ignore", "pipe", "pipe"],
        detached: true,
      },
    );
    let said = "";
    child.stdout.on("data", (data: Buffer) => {
      said += data.toString();
    });
    const ended = once(child, "close");
    try {
      const [, listening = ""] = await until("the forwarder listens", () => /^127\.0\.0\.1:(\d+) leads to port/.exec(said));
      const answers = await Promise.all(
        [1, 2 * MiB, 3, 5 * MiB].map(async (size) => {
          const bytes = randomBytes(size);
          const socket = net.connect({ host: "127.0.0.1", port: Number(listening), allowHalfOpen: true });
          socket.end(bytes);
          return [await textOf(socket), `${bytes.length} ${sum(bytes)}\n`];
        }),
      );
      for (const [answer, expected] of answers) expect(answer).toBe(expected);
    } finally {
      process.kill(-(child.pid ?? 0), "SIGINT"); // as a terminal's Ctrl-C: to all of it
    }
    expect((await ended)[0]).toBe(0);
  }, 60_000);

  test("the forwarding command says what is wrong: no key, no such asset, a port nobody listens on", async () => {
    const run = async (args: string[], env: Record<string, string>) => {
      const child = spawn(process.execPath, [path.join(checkout, "scripts/bin/sallyport.mjs"), "forward", ...args], {
        env: { PATH: process.env.PATH ?? "", ...env },
        stdio: ["ignore", "ignore", "pipe"],
      });
      const [stderr, [code]] = await Promise.all([textOf(child.stderr), once(child, "close")]);
      return { code, stderr };
    };
    const key = { SALLYPORT_ACCESS_KEY: rest.key };
    expect(await run([asset.name, "22", "--hub", hub.url], {})).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("No access key"),
    });
    expect(await run(["nowhere", "22", "--hub", hub.url], key)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("no asset called nowhere"),
    });
    expect(await run([asset.name, "1", "--hub", hub.url], key)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("Nothing listens"),
    });
    expect(await run([asset.name, "ssh", "--hub", hub.url], key)).toMatchObject({ code: 2 });
  }, 30_000);

  test("the command that runs a task says by its exit code how it went, names what failed, and refuses what it cannot", async () => {
    const run = async (args: string[], env: Record<string, string> = { SALLYPORT_ACCESS_KEY: rest.key }) => {
      const child = spawn(
        process.execPath,
        [path.join(checkout, "scripts/bin/sallyport.mjs"), "run", ...args, "--hub", hub.url],
        {
          env: { PATH: process.env.PATH ?? "", ...env },
          stdio: ["ignore", "pipe", "pipe"],
        },
      );
      const [stdout, stderr, [code]] = await Promise.all([textOf(child.stdout), textOf(child.stderr), once(child, "close")]);
      return { code, stdout, stderr };
    };
    const taskOf = async (name: string, body: string) => {
      const script = await rest.json<{ id: string }>("POST", "/scripts", { name, body, interpreter: "sh" });
      return rest.json<{ id: string }>("POST", "/tasks", { name, scriptId: script.id, targets: { assetIds: [asset.id] } });
    };
    await taskOf("goes well", "exit 0");
    const { id } = await taskOf("goes wrong", "exit 7");
    await taskOf("takes long", "sleep 60");
    expect(await run(["goes well", "--wait"])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("1 of 1 ended, 0 failed"),
    });
    expect(await run([id, "--wait"])).toMatchObject({ code: 1, stderr: expect.stringContaining(`${asset.name}: exit code 7`) });
    expect(await run(["takes long", "--wait", "--timeout", "1"])).toMatchObject({
      code: 4,
      stderr: expect.stringContaining("goes on"),
    });
    expect(await run(["takes long"])).toMatchObject({ code: 2, stderr: expect.stringContaining("going on") });
    expect(await run(["nothing of that name"])).toMatchObject({ code: 2, stderr: expect.stringContaining("no task called") });
    expect(await run(["goes well"], {})).toMatchObject({ code: 2, stderr: expect.stringContaining("No access key") });
    const { items } = await rest.json<{ items: { id: string }[] }>("GET", "/runs?state=running");
    for (const one of items) await rest.stopRun(one.id);
  }, 90_000);
});
