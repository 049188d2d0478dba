// The terminal socket (SPEC.md §7): opens or rejoins a session, then a viewer does the rest. Authorises at the door and again while it is open.

import type { RawData, WebSocket } from "ws";
import type { z } from "zod";
import { authorize } from "../access/authorize.ts";
import { protocolNamed } from "../assets/input.ts";
import { recordAudit } from "../audit/record-audit.ts";
import { isSqlProtocol } from "../databases/dialect.ts";
import { openSqlShell, type SqlShellDeps } from "../databases/shell/open-sql-shell.ts";
import { type Actor, auditActor, may } from "../identity/actor.ts";
import { databaseAway } from "../platform/database.ts";
import { HubError, notFound } from "../platform/errors.ts";
import { errorFields } from "../platform/log.ts";
import type { SessionDeps } from "../sessions/deps.ts";
import { endSessionByPerson } from "../sessions/end-session.ts";
import { type SocketOpening, socketControl, socketOpening } from "../sessions/input.ts";
import type { LiveSession } from "../sessions/live-session.ts";
import { openShell } from "../sessions/open-shell.ts";
import type { Screens } from "../sessions/screens.ts";
import { findSession } from "../sessions/sessions.ts";
import { closeCodeOf } from "./close-codes.ts";
import { keepAlive } from "./keep-alive.ts";
import { SocketViewer } from "./viewer.ts";

export type TerminalSocketDeps = { sessions: SqlShellDeps; screens: Screens };

/** A client that connects says what it wants. */
const openingDeadlineMs = 10_000;

/** @param stillSignedIn asked while the socket is open: a person who signed out or was disabled is not left typing. */
export function serveTerminalSocket(
  deps: TerminalSocketDeps,
  socket: WebSocket,
  actor: Actor,
  stillSignedIn: () => Promise<boolean>,
): void {
  const { log } = deps.sessions;
  const fail = (error: unknown) => {
    const known =
      error instanceof HubError
        ? error
        : (databaseAway(error) ?? new HubError("internal", "Something went wrong in the hub; its log says what."));
    if (known.code === "internal") log.error(errorFields(error), "terminal socket failed");
    refuse(socket, known.code, known.message, known.facts);
  };
  const deadline = setTimeout(
    () => refuse(socket, "bad-message", "No opening message within ten seconds.", {}),
    openingDeadlineMs,
  );
  socket.once("close", () => clearTimeout(deadline));
  socket.on("error", () => socket.terminate());
  keepAlive(socket, stillSignedIn, () => refuse(socket, "not-signed-in", "You have been signed out.", {}));
  socket.once("message", (data, isBinary) => {
    clearTimeout(deadline);
    const opening = isBinary ? null : parse(socketOpening, data);
    if (opening === null) {
      refuse(socket, "bad-message", "The first message must be open or attach, as JSON.", {});
      return;
    }
    // What arrives while the shell starts is kept: a person types ahead.
    const early: [RawData, boolean][] = [];
    const hold = (message: RawData, binary: boolean) => {
      if (early.length < 256) early.push([message, binary]);
    };
    socket.on("message", hold);
    join(deps, socket, actor, opening).then((receive) => {
      socket.off("message", hold);
      for (const message of early) receive(...message);
      socket.on("message", receive);
    }, fail);
  });
}

type Receive = (data: RawData, isBinary: boolean) => void;

async function join(deps: TerminalSocketDeps, socket: WebSocket, actor: Actor, opening: SocketOpening): Promise<Receive> {
  const { sessions } = deps;
  const size = { columns: opening.cols, rows: opening.rows };
  let session: LiveSession;
  let from: number | null = 0;
  if (opening.type === "open") {
    const { assetId, account, protocol, login, database = null, language = "en" } = opening;
    const wish = { assetId, account, protocol, action: "connect" as const };
    const authorization = await authorize(sessions.db, actor, wish, sessions.clock.now());
    session = isSqlProtocol(authorization.protocol)
      ? await openSqlShell(sessions, authorization, { ...size, login, database, language })
      : await openShell(sessions, authorization, size, login);
  } else {
    const found = await rejoin(deps, socket, actor, opening.sessionId);
    if (found === null) return () => {};
    session = found;
    from = opening.from;
  }
  const owner = session.userId === actor.id;
  const { assetName, account } = await describe(sessions, session);
  const snapshot = from === null || from > session.outputEnd ? await screenOf(deps, session) : null;
  const start = snapshot?.offset ?? from ?? 0;
  const tell = (message: object) => socket.send(JSON.stringify(message));
  tell({
    type: "opened",
    sessionId: session.id,
    assetName,
    account,
    cols: session.columns,
    rows: session.rows,
    outputOffset: start,
    inputOffset: session.typedEnd,
    owner,
    ...(owner && sessions.lastAnswers.isKept(session.id) ? { answers: true } : {}),
  });
  if (snapshot !== null)
    tell({ type: "snapshot", offset: snapshot.offset, cols: snapshot.columns, rows: snapshot.rows, screen: snapshot.screen });
  const agentState = () =>
    tell({
      type: "agent",
      online: sessions.links.isOnline(session.agentId),
      roundTripUs: sessions.links.roundTrips(session.agentId).at(-1)?.us ?? null,
    });
  agentState();

  const viewer = new SocketViewer({
    socket,
    session,
    store: sessions.store,
    userId: actor.id,
    owner,
    from: start,
    screenNow: () => screenOf(deps, session),
    onOver: () => void sayEnded(sessions, socket, session),
  });
  const stopListening = sessions.links.onChange((change) => {
    if (change.agentId === session.agentId && socket.readyState === socket.OPEN) agentState();
  });
  socket.once("close", () => {
    stopListening();
    session.detach(viewer);
  });
  if (socket.readyState !== socket.OPEN) {
    stopListening();
    return () => {};
  }
  if (sessions.live.get(session.id) === undefined) {
    await sayEnded(sessions, socket, session);
    return () => {};
  }
  session.attach(viewer);
  if (owner) session.resize(opening.cols, opening.rows);
  viewer.wake();

  return (data, isBinary) => {
    if (isBinary) {
      const fault = viewer.receiveData(bytesOf(data));
      if (fault !== null)
        refuse(
          socket,
          fault,
          fault === "read-only"
            ? "Only the person whose session this is may type."
            : "Input offset out of step, or more than 64 KiB unacknowledged.",
          {},
        );
      return;
    }
    const control = parse(socketControl, data);
    if (control === null) refuse(socket, "bad-message", "Not a control message of this protocol.", {});
    else if (control.type !== "end") viewer.receiveControl(control);
    else
      endSessionByPerson(sessions, actor, session.id).catch((error: unknown) => {
        if (error instanceof HubError) refuse(socket, error.code, error.message, error.facts);
        else sessions.log.error(errorFields(error), "session not ended");
      });
  };
}

/**
 * After a hub has started again its agents are back within seconds. A window that comes first is kept waiting for so long: it would only ask
 * again, and a hundred of them ten times a second are work that keeps agents from coming back. Below the twelve seconds of silence after which a
 * console gives a connection up.
 */
const agentComesWithinMs = 8_000;

/** The live session, re-authorised; null when it had ended, which the socket has then been told. */
async function rejoin(deps: TerminalSocketDeps, socket: WebSocket, actor: Actor, id: string): Promise<LiveSession | null> {
  const { sessions } = deps;
  const found = await findSession(sessions.db, actor.orgId, id);
  const owner = found?.session.userId === actor.id;
  if (found === null || found.session.kind === "dial" || (!owner && !may(actor, "sessions.read-all"))) throw notFound("session");
  const { session: row, assetName } = found;
  if (row.state === "ended") {
    end(socket, row);
    return null;
  }
  const live = await sessions.live.comes(id, agentComesWithinMs);
  if (owner)
    await authorize(
      sessions.db,
      actor,
      { assetId: row.assetId, account: row.accountChoice, protocol: protocolNamed(row.protocol), action: "connect" },
      sessions.clock.now(),
    );
  if (live === undefined) throw new HubError("agent-offline", "The agent is not back yet; the session goes on when it is.");
  if (!owner) {
    await sessions.db.transaction((tx) =>
      recordAudit(tx, {
        kind: "session.watched",
        orgId: actor.orgId,
        actor: auditActor(actor),
        subject: { kind: "session", id, name: assetName },
        ip: actor.ip,
        data: { live: true },
      }),
    );
  }
  return live;
}

async function describe(sessions: SessionDeps, session: LiveSession): Promise<{ assetName: string; account: string }> {
  const found = await findSession(sessions.db, session.orgId, session.id);
  return { assetName: found?.assetName ?? "", account: found?.session.account ?? "" };
}

/** The screen as it is now, from what is durable; bytes after it follow as data. */
async function screenOf({ sessions, screens }: TerminalSocketDeps, session: LiveSession) {
  await session.log.flush();
  return screens.at(sessions.store.fileOf(session.id), session.log.durable("output"));
}

async function sayEnded(sessions: SessionDeps, socket: WebSocket, session: LiveSession): Promise<void> {
  const found = await findSession(sessions.db, session.orgId, session.id);
  end(socket, found?.session ?? { endReason: null, exitCode: null, signal: null });
}

function end(socket: WebSocket, row: { endReason: string | null; exitCode: number | null; signal: string | null }): void {
  if (socket.readyState !== socket.OPEN) return;
  socket.send(JSON.stringify({ type: "ended", reason: row.endReason ?? "exit", exitCode: row.exitCode, signal: row.signal }));
  socket.close(1000);
}

function refuse(socket: WebSocket, code: string, message: string, facts: object): void {
  if (socket.readyState !== socket.OPEN) return;
  socket.send(JSON.stringify({ type: "error", code, message, facts }));
  socket.close(closeCodeOf(code), code);
}

function parse<T>(schema: z.ZodType<T>, data: RawData): T | null {
  try {
    const parsed = schema.safeParse(JSON.parse(data.toString()));
    return parsed.success ? parsed.data : null;
  } catch {
    return null; // not JSON
  }
}

const bytesOf = (data: RawData): Uint8Array =>
  Array.isArray(data) ? Buffer.concat(data) : data instanceof ArrayBuffer ? new Uint8Array(data) : data;
