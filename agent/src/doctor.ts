// Why is this agent not online? Each thing on the way to the hub, tried by itself and said in one line. Changes nothing.
import dns from "node:dns/promises";
import https from "node:https";
import net from "node:net";
import { clockSkewMsMax } from "@sallyport/protocol/limits";
import type { Config } from "./config.ts";
import { examinePolicy } from "./examine-policy.ts";
import { signIn } from "./link/connection.ts";
import { dial, openTls } from "./link/dial.ts";
import { explainDial, timedOut } from "./link/explain.ts";
import { hubTls } from "./link/hub-tls.ts";
import { nextRoute, type Route } from "./link/routes.ts";
import { policyFile } from "./policy.ts";
import { OwnKey } from "./ssh/own-key.ts";
import { loadIdentity } from "./state/identity.ts";
import { readStatus } from "./status.ts";

export type Check = { name: string; ok: boolean; detail: string };

const tryMs = 5_000;

/** @throws StateError when this host is not enrolled: then there is nothing to examine. */
export async function examine(stateDir: string, config: Config): Promise<Check[]> {
  const { identity, key } = loadIdentity(stateDir);
  const direct = nextRoute(identity, 0, null);
  const web = nextRoute(identity, 0, "wss");
  const where = (route: Route): string => `${route.host}:${route.port}`;
  const checks: Check[] = [];
  const check = async (name: string, run: () => Promise<string>, route = direct): Promise<void> => {
    try {
      checks.push({ name, ok: true, detail: await run() });
    } catch (error) {
      checks.push({ name, ok: false, detail: explainDial(error, where(route)) });
    }
  };

  await check("DNS", async () =>
    net.isIP(direct.host) ? `${direct.host} is an address` : `${direct.host} is ${(await dns.lookup(direct.host)).address}`,
  );
  for (const route of [direct, web]) await check("TCP", async () => tcp(route), route);
  for (const route of [direct, web]) {
    await check(
      "TLS",
      async () => {
        const socket = await openTls(route, identity, null);
        socket.destroy();
        return `${where(route)} is ${identity.hubId}`;
      },
      route,
    );
  }
  await check(
    "clock",
    async () => {
      const skewMs = Date.now() - (await hubTime(identity.hubUrl, identity));
      const text = `${Math.abs(Math.round(skewMs / 1_000))} s ${skewMs >= 0 ? "ahead of" : "behind"} the hub`;
      if (Math.abs(skewMs) > clockSkewMsMax) throw new Error(`this host's clock is ${text}. Set it, for example with chrony.`);
      return text;
    },
    web,
  );
  await check("credential", async () => {
    // Signing in a second time would throw the running agent off its link.
    if (readStatus(stateDir)?.online) return "the running agent is signed in";
    const connection = await signIn(await dial(direct, identity, config), identity, key, {
      onMessage: () => {},
      onFrame: () => {},
      onRoom: () => {},
    });
    connection.close();
    return `the hub admits ${identity.agentId}`;
  });
  const ownKey = new OwnKey({ setting: config.ownKey, stateDir, agentId: identity.agentId });
  if (ownKey.allowed) {
    const read = ownKey.read();
    checks.push({ name: "own key", ok: read.ok, detail: read.ok ? read.line : read.why });
  }
  const policy = await examinePolicy(policyFile, stateDir).then(
    (detail) => ({ ok: true, detail }),
    (error: unknown) => ({ ok: false, detail: error instanceof Error ? error.message : `${policyFile} cannot be read` }),
  );
  checks.push({ name: "policy", ...policy });
  const status = readStatus(stateDir);
  checks.push({ name: "agent", ok: status?.online === true, detail: status === null ? "not running" : status.detail });
  return checks;
}

export const describeCheck = ({ name, ok, detail }: Check): string => `${ok ? "ok  " : "FAIL"} ${name.padEnd(10)} ${detail}`;

function tcp({ host, port }: Route): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host, port, timeout: tryMs });
    socket.once("connect", () => {
      resolve(`${host}:${port} answers`);
      socket.destroy();
    });
    socket.once("timeout", () => socket.destroy(timedOut()));
    socket.once("error", reject);
  });
}

/** From the Date header (RFC 9110 §6.6.1), so to the second. */
function hubTime(hubUrl: string, trust: { caPem: string; hubId: string }): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = https.request(
      new URL("/agent/manifest.json", hubUrl),
      { ...hubTls(trust), method: "HEAD", agent: false, timeout: tryMs },
      (response) => {
        response.resume();
        const at = Date.parse(response.headers.date ?? "");
        if (Number.isNaN(at)) reject(new Error("the hub tells no time"));
        else resolve(at);
      },
    );
    request.once("timeout", () => request.destroy(timedOut()));
    request.once("error", reject);
    request.end();
  });
}
