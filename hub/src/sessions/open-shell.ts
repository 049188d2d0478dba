// Opens a terminal: the row first, then the log, then the order. Nothing runs that is not recorded.

import { keepTerminalSecondsDefault } from "@sallyport/protocol/limits";
import { eq } from "drizzle-orm";
import type { Authorization } from "../access/authorize.ts";
import type { AgentRow } from "../fleet/schema.ts";
import type { Login } from "../neighbours/neighbours.ts";
import { HubError } from "../platform/errors.ts";
import { errorFields } from "../platform/log.ts";
import { throughAgent } from "./choose-agent.ts";
import type { SessionDeps } from "./deps.ts";
import { closeSession, endSession } from "./end-session.ts";
import { guardLines } from "./guard-lines.ts";
import { LiveSession } from "./live-session.ts";
import { livePerPersonMax } from "./live-sessions.ts";
import { openSession } from "./open-session.ts";
import { newSessionId, openingRow } from "./opening-row.ts";
import { type SessionRow, sessions } from "./schema.ts";

/**
 * Resolves once the shell runs on the agent. The session is live before its grant is read a second time,
 * so a revocation that comes between is seen either by its own sweep or here.
 *
 * @throws HubError `too-many`, `storage-full`, `agent-offline`, `agent-refused`, `no-grant`, `rule-refused`, `review-needed`; of a neighbour also `not-reached`, `host-key-refused`,
 *   `sign-in-failed`, and what its account lacks: `secret-needed`, `username-needed`, `no-secret`, `no-own-key`, `no-account`, `no-protocol`.
 */
export async function openShell(
  deps: SessionDeps,
  authorization: Authorization,
  size: { columns: number; rows: number },
  login?: Login,
): Promise<LiveSession> {
  const release = deps.live.reserve(authorization.actor.id);
  if (release === null)
    throw new HubError("too-many", `You have ${livePerPersonMax} terminals open. End one first.`, {
      facts: { most: livePerPersonMax },
    });
  const needs = authorization.as.choice === "@agent" ? "own-key" : "ssh";
  try {
    return await throughAgent(deps, authorization.target, needs, (agent) => open(deps, authorization, { ...size, agent, login }));
  } finally {
    release();
  }
}

async function open(
  deps: SessionDeps,
  authorization: Authorization,
  { agent, login, ...size }: { columns: number; rows: number; agent: AgentRow; login: Login | undefined },
): Promise<LiveSession> {
  const { db, clock, store, live, links, orders, neighbours } = deps;
  const { target } = authorization;
  const now = clock.now();
  const id = newSessionId(now);
  const neighbour =
    target.agent === null ? await neighbours.prepare(authorization, { agentId: agent.id, subjectId: id, login }) : null;
  const account = neighbour?.username ?? agent.facts?.user ?? "agent";
  const row = openingRow(authorization, { kind: "shell", agentId: agent.id, account, size, id }, now);
  const opened = {
    kind: "session.opened" as const,
    data: { assetId: target.asset.id, account: row.account, by: signInBy(authorization) },
  };
  return openSession(deps, authorization, row, opened, () => begin(deps, authorization, row));

  async function begin(parts: SessionDeps, by: Authorization, opening: SessionRow): Promise<LiveSession> {
    const header = { startedAt: opening.startedAt.toISOString(), columns: opening.columns, rows: opening.rows };
    const log = await store.create(opening.id, header, {
      onDurable: (output) => live.get(opening.id)?.onDurable(output),
      onFailure: (error) => {
        parts.log.error({ session: opening.id, ...errorFields(error) }, "recording failed");
        void endSession(parts, opening.id, { reason: "storage-full", by: null });
      },
    });
    let session: LiveSession | null = null;
    let answered = () => {};
    const shell = {
      sessionId: opening.id,
      columns: opening.columns,
      rows: opening.rows,
      term: "xterm-256color",
      keepSeconds: keepTerminalSecondsDefault,
      person: by.actor.name,
    };
    try {
      await orders.send(
        opening.agentId,
        neighbour === null ? { openShell: shell } : { openSshShell: { ...shell, ssh: neighbour.target } },
        (stream) => {
          if (neighbour !== null) answered = neighbours.begin(opening.agentId, stream, neighbour.connecting);
          session = new LiveSession({
            ...size,
            id: opening.id,
            orgId: opening.orgId,
            agentId: opening.agentId,
            userId: opening.userId,
            stream,
            inputStart: 0,
            log,
            clock,
            askEcho: (number, on) => links.get(opening.agentId)?.send({ watchEcho: { stream: number, on } }),
            onClosed: (closing) =>
              void closeSession(parts, opening.id, {
                reason: "exit",
                by: null,
                exitCode: closing.exitCode,
                signal: closing.reason === "exit" ? null : closing.reason,
              }),
          });
          live.add(session);
          session.join(links.streamsOf(opening.agentId));
          void db
            .update(sessions)
            .set({ stream })
            .where(eq(sessions.id, opening.id))
            .catch((error: unknown) =>
              parts.log.error({ session: opening.id, ...errorFields(error) }, "stream number not stored"),
            );
        },
      );
    } catch (error) {
      if (session === null) await log.close();
      throw neighbour === null ? error : neighbours.reasonOf(neighbour, error);
    } finally {
      answered();
    }
    if (session === null) throw new HubError("internal", "The order was accepted without a stream.");
    await guardLines(parts, session, opening);
    return session;
  }
}

/** By whose secret it is opened: the vault's, the person's own word, or the agent's identity. */
const signInBy = ({ as }: Authorization): string => (as.account === null ? as.choice : "vault");
