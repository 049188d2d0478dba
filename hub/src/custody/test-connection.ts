// Whether an asset is reached, and if not, what stands in the way: tried now, by the agents that people's sessions would take.
import { newId } from "@sallyport/protocol/ids";
import { bulkWindowBytes } from "@sallyport/protocol/limits";
import { Incoming } from "@sallyport/protocol/stream/incoming";
import { StreamEnd } from "@sallyport/protocol/stream/stream-end";
import type { z } from "zod";
import { type AssetInZone, findAsset } from "../assets/assets.ts";
import { findAccount } from "../assets/manage-accounts.ts";
import { assetSubject } from "../assets/manage-assets.ts";
import type { AccountRow } from "../assets/schema.ts";
import { recordAudit } from "../audit/record-audit.ts";
import type { AgentRow } from "../fleet/schema.ts";
import { type Actor, assertMay, auditActor } from "../identity/actor.ts";
import { type HubError, notFound } from "../platform/errors.ts";
import { agentsFor } from "../sessions/choose-agent.ts";
import type { SessionDeps } from "../sessions/deps.ts";
import type { CustodyDeps } from "./deps.ts";
import type { testAsset } from "./input.ts";
import { mayDifferElsewhere, type OutcomeCode, outcomeOfError } from "./outcome.ts";
import { loginOf } from "./put-there.ts";
import { signInThere, type Tried } from "./sign-in-there.ts";
import { suCommand, targetAnswer } from "./target-script.ts";

export type Tested = {
  code: OutcomeCode;
  /** In the order they were asked; empty when none was. */
  tried: Tried[];
  port: number | null;
  tookMs: number;
  /** Of a refusal: fingerprints of host keys. */
  facts: HubError["facts"];
};

/**
 * On record with its outcome; nothing is left open on the asset.
 *
 * @throws HubError `forbidden`, `not-found`. What stands in the way is an outcome, not an error.
 */
export async function testConnection(deps: CustodyDeps, actor: Actor, wanted: z.infer<typeof testAsset>): Promise<Tested> {
  const { db, clock } = deps.assets;
  assertMay(actor, "assets.manage");
  if (wanted.accountId !== undefined) assertMay(actor, "accounts.manage");
  const target = await findAsset(db, actor.orgId, wanted.id);
  if (target === null || target.asset.retiredAt !== null) throw notFound("asset");
  const account = wanted.accountId === undefined ? null : await findAccount(db, actor.orgId, wanted.accountId);
  if (wanted.accountId !== undefined && account?.assetId !== target.asset.id) throw notFound("account");
  const from = performance.now();
  const tested =
    account === null ? await dialThere(deps.sessions, target, wanted.protocol) : await signInAs(deps, target, account);
  await db.transaction((tx) =>
    recordAudit(
      tx,
      {
        kind: "asset.tested",
        orgId: actor.orgId,
        actor: auditActor(actor),
        subject: assetSubject(target.asset),
        ip: actor.ip,
        data: { code: tested.code, agent: tested.tried.at(-1)?.agent.name ?? "", account: account?.username ?? "" },
      },
      clock.now(),
    ),
  );
  return { ...tested, tookMs: Math.round(performance.now() - from) };
}

/** Signs in as the account, through su where it is reached so, and out again. A device that lets it in and runs no commands has let it in. */
export async function signInAs(
  { assets, sessions }: CustodyDeps,
  target: AssetInZone,
  account: AccountRow,
  version = account.version,
): Promise<Omit<Tested, "tookMs">> {
  const port = target.asset.protocols.find(({ name }) => name === "ssh")?.port ?? null;
  const refused = (code: OutcomeCode) => ({ code, tried: [], port, facts: {} });
  if (port === null) return refused("no-protocol");
  try {
    const login = await loginOf({ assets, sessions }, account, version);
    const work = login.su === null ? undefined : suCommand(login.su);
    if (work === null) return refused("name-not-usable");
    const { code, stdout, tried, facts } = await signInThere(sessions, target, login, work);
    if (login.su !== null) return { code: code === "works" ? targetAnswer(stdout, { su: true }) : code, tried, port, facts };
    return { code: code === "command-refused" ? "works" : code, tried, port, facts };
  } catch (error) {
    return refused(outcomeOfError(error));
  }
}

/** Seconds to connect, and as many for a server's first words. */
const dialTimeoutMs = 8_000;
const bannerTimeoutMs = 5_000;

async function dialThere(deps: SessionDeps, target: AssetInZone, wanted: string | undefined): Promise<Omit<Tested, "tookMs">> {
  const protocol = target.asset.protocols.find(({ name }) => wanted === undefined || name === wanted);
  const tested = (code: OutcomeCode, tried: Tried[] = []) => ({ code, tried, port: protocol?.port ?? null, facts: {} });
  // An agent's own host is reached when its agent is.
  const own = target.agent !== null;
  if (protocol === undefined && !own) return tested("no-protocol");
  let agents: AgentRow[];
  try {
    agents = await agentsFor(deps, target, "dial");
  } catch (error) {
    return tested(outcomeOfError(error));
  }
  const tried: Tried[] = [];
  let code: OutcomeCode = "agent-offline";
  for (const agent of agents) {
    code =
      own || protocol === undefined
        ? "works"
        : await dialOnce(deps, agent.id, { host: target.asset.address, port: protocol.port, ssh: protocol.name === "ssh" });
    tried.push({ agent: { id: agent.id, name: agent.name }, code });
    if (!mayDifferElsewhere(code)) break;
  }
  return tested(code, tried);
}

async function dialOnce(
  { links, orders }: SessionDeps,
  agentId: string,
  { host, port, ssh }: { host: string; port: number; ssh: boolean },
): Promise<OutcomeCode> {
  const first = Promise.withResolvers<OutcomeCode>();
  const opened: { end: StreamEnd | null } = { end: null };
  let begun = "";
  const window = new Incoming(0, bulkWindowBytes);
  const stopListening = links.onChange((change) => {
    if (change.agentId === agentId && !change.online) first.resolve("agent-lost");
  });
  try {
    const order = { sessionId: newId("ses"), host, port, allowed: [], connectTimeoutMs: dialTimeoutMs, keepSeconds: 1 };
    const sent = orders.send(agentId, { openDial: order }, (stream) => {
      opened.end = new StreamEnd({
        stream,
        priority: "bulk",
        incoming: [window],
        outgoing: [],
        owner: {
          onData: (_channel, data) => {
            // RFC 4253 §4.2: lines of other text may come before the version; who sends that much of them is no server of ours.
            if (begun.length < 4_096) begun += Buffer.from(data).toString("latin1");
            if (/(^|\n)SSH-/.test(begun)) first.resolve("works");
            else if (begun.length >= 4_096) first.resolve("not-ssh");
            window.consume(window.received);
            window.store(window.received);
          },
          onEnd: () => first.resolve("not-ssh"),
          onRoom: () => {},
          onResize: () => {},
          onClose: () => first.resolve("not-ssh"),
        },
      });
      links.streamsOf(agentId).add(opened.end);
    });
    sent.catch(() => {});
    const lost = first.promise.then<OutcomeCode | number>((code) => (code === "agent-lost" ? code : sent));
    if ((await Promise.race([sent, lost])) === "agent-lost") return "agent-lost";
    if (!ssh) return "works";
    const timer = setTimeout(() => first.resolve("not-ssh"), bannerTimeoutMs);
    const code = await first.promise;
    clearTimeout(timer);
    return code;
  } catch (error) {
    return outcomeOfError(error);
  } finally {
    stopListening();
    opened.end?.close({ exitCode: null, reason: "done" });
    links.knownStreamsOf(agentId)?.wake();
  }
}
