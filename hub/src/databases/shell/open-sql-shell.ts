// Opens an SQL terminal: the row first, then the log, then the connection. Nothing runs that is not recorded.
import { eq } from "drizzle-orm";
import type { Authorization } from "../../access/authorize.ts";
import { accountsOf } from "../../assets/account-choice.ts";
import { readSecret } from "../../assets/account-secrets.ts";
import { recordAudit } from "../../audit/record-audit.ts";
import { auditActor } from "../../identity/actor.ts";
import { users } from "../../identity/schema.ts";
import type { Language } from "../../notify/input.ts";
import { HubError } from "../../platform/errors.ts";
import { errorFields } from "../../platform/log.ts";
import type { Vault } from "../../platform/vault.ts";
import { agentsFor } from "../../sessions/choose-agent.ts";
import type { SessionDeps } from "../../sessions/deps.ts";
import { closeSession, endSession } from "../../sessions/end-session.ts";
import { LiveSession } from "../../sessions/live-session.ts";
import { livePerPersonMax } from "../../sessions/live-sessions.ts";
import { LocalTerminal, localStream } from "../../sessions/local-terminal.ts";
import { openSession } from "../../sessions/open-session.ts";
import { openingRow } from "../../sessions/opening-row.ts";
import { sessions } from "../../sessions/schema.ts";
import { openDatabaseSession } from "../connect.ts";
import type { Login } from "../mysql.ts";
import { withoutSecrets } from "./hidden-secrets.ts";
import type { LastAnswers } from "./last-answers.ts";
import { SqlShell } from "./sql-shell.ts";
import { shellWords } from "./words.ts";

export type SqlShellDeps = SessionDeps & { vault: Vault; lastAnswers: LastAnswers };

type Opening = {
  columns: number;
  rows: number;
  /** What the person typed for an account that asks. */
  login?: { username?: string | undefined; password?: string | undefined } | undefined;
  /** Null: as the server has it for whoever names none. */
  database: string | null;
  /** For whoever has chosen none. */
  language: Language;
};

/** Of a statement so much is in the audit log; all of it is in the recording. */
const recordedMax = 4_000;

/**
 * Resolves once the server has let the account in.
 *
 * @throws HubError `too-many`, `storage-full`, `no-grant`, `rule-refused`, `review-needed`, `no-account`, `no-secret`, `secret-needed`, and as openDatabaseSession().
 */
export async function openSqlShell(
  deps: SqlShellDeps,
  authorization: Authorization,
  { columns, rows, login, database, language }: Opening,
): Promise<LiveSession> {
  const { db, clock, store, live, lastAnswers } = deps;
  const { actor, target, protocol } = authorization;
  const release = live.reserve(actor.id);
  if (release === null)
    throw new HubError("too-many", `You have ${livePerPersonMax} terminals open. End one first.`, {
      facts: { most: livePerPersonMax },
    });
  try {
    const account = await loginOf(deps, authorization, login);
    const now = clock.now();
    const [agent] = await agentsFor(deps, target, "dial");
    const size = { columns, rows };
    const row = openingRow(authorization, { kind: "sql", agentId: agent.id, account: account.username, size }, now);
    const by = authorization.as.account === null ? authorization.as.choice : "vault";
    const opened = {
      kind: "session.opened" as const,
      data: { assetId: target.asset.id, account: account.username, by },
    };
    return await openSession(deps, authorization, row, opened, begin);

    async function begin(): Promise<LiveSession> {
      const header = { startedAt: now.toISOString(), columns, rows };
      const log = await store.create(row.id, header, {
        onDurable: (output) => live.get(row.id)?.onDurable(output),
        onFailure: (error) => {
          deps.log.error({ session: row.id, ...errorFields(error) }, "recording failed");
          void endSession(deps, row.id, { reason: "storage-full", by: null });
        },
      });
      const terminal = new LocalTerminal({ columns, rows });
      const mayExport = authorization.actions.has("download");
      terminal.on("error", () => {}); // its program hears that it is closed
      const shell = new SqlShell({
        terminal,
        asset: target.asset.name,
        account: account.username,
        words: shellWords[(await languageOf(deps, actor.id)) ?? language],
        connect: async (to) => {
          const session = await openDatabaseSession(deps, { target, login: account, database: to ?? database, protocol });
          if (session.agentId !== row.agentId) {
            row.agentId = session.agentId;
            await db.update(sessions).set({ agentId: session.agentId }).where(eq(sessions.id, row.id));
          }
          return session;
        },
        judge: (statement) => deps.rules.judge(row, { shown: withoutSecrets(statement), typed: statement }),
        record: (statement) =>
          db.transaction((tx) =>
            recordAudit(tx, {
              kind: "sql.statement",
              orgId: actor.orgId,
              actor: auditActor(actor),
              subject: { kind: "session", id: row.id, name: target.asset.name },
              ip: actor.ip,
              data: {
                account: account.username,
                statement: withoutSecrets(statement).slice(0, recordedMax).toWellFormed(),
                length: statement.length,
              },
            }),
          ),
        onFault: (error) => deps.log.error({ session: row.id, ...errorFields(error) }, "SQL terminal failed"),
        keep: mayExport ? (answer) => lastAnswers.keep(row.id, answer) : null,
      });
      try {
        await shell.connect();
      } catch (error) {
        await log.close();
        terminal.destroy();
        throw error;
      }
      const session = new LiveSession({
        id: row.id,
        orgId: row.orgId,
        agentId: row.agentId,
        userId: row.userId,
        columns,
        rows,
        stream: localStream,
        inputStart: 0,
        log,
        clock,
        askEcho: () => {},
        onClosed: ({ exitCode }) => {
          lastAnswers.forget(row.id);
          void closeSession(deps, row.id, { reason: "exit", by: null, exitCode, signal: null });
        },
      });
      if (mayExport) lastAnswers.begin(row.id);
      terminal.once("close", () => lastAnswers.forget(row.id));
      live.add(session);
      session.join(terminal.mux);
      void shell.run();
      return session;
    }
  } finally {
    release();
  }
}

/** @throws HubError `no-account`, `no-secret`, `secret-needed`, `username-needed`. */
async function loginOf(
  { db, vault }: Pick<SqlShellDeps, "db" | "vault">,
  { as, actor, target }: Authorization,
  typed: Opening["login"],
): Promise<Login> {
  const { asset } = target;
  if (as.choice === "@ask") {
    const { username = "", password = "" } = typed ?? {};
    if (username !== "" && password !== "") return { username, password };
    throw new HubError(
      "secret-needed",
      `${asset.name} asks for a user name and a password. They are used once and kept nowhere.`,
      {
        facts: { asset: asset.name },
      },
    );
  }
  const account =
    as.choice === "@same-name"
      ? (await accountsOf(db, asset.id)).find(({ active, username }) => active && username === actor.username)
      : as.account;
  if (account === undefined || account === null)
    throw new HubError("no-account", `${asset.name} has no account for this. An administrator of accounts can add one.`);
  const secret = await readSecret(db, vault, account);
  if (secret.kind === "password") return { username: account.username, password: secret.password };
  throw new HubError("no-secret", `${account.username} has a key, and databases ask for a password.`, {
    facts: { account: account.username },
  });
}

async function languageOf({ db }: Pick<SqlShellDeps, "db">, userId: string): Promise<Language | null> {
  const [person] = await db.select({ language: users.language }).from(users).where(eq(users.id, userId));
  return person?.language ?? null;
}
