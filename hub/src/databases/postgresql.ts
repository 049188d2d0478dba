// PostgreSQL over postgres.js. TLS is begun here and what the server says while it signs us in is read before the driver reads it: the driver
// would compute a password as often as a server asks, on the hub's only thread, and fail where nobody catches it.
import { Duplex, Transform } from "node:stream";
import postgres from "postgres";
import type { Login } from "./mysql.ts";
import { closedError, type ServerDial } from "./server-dial.ts";
import { beginTls, refusedCertificate, type ServerTrust } from "./server-tls.ts";
import type { Answer, Driver } from "./session.ts";

/** PostgreSQL §55.7: the length of the message and the number that asks for TLS. */
const tlsRequest = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);
const goodbye = Buffer.from([0x58, 0, 0, 0, 4]);
/** scram_iterations is 4,096 unless somebody raised it; so many take a tenth of a second here. */
const scramRoundsMax = 200_000;
/** The longest message while signing in; answers may be longer and are bounded by the dial. */
const signInMessageMax = 32 * 1024;

/** @throws the driver's error; HubError `certificate-refused`. */
export async function connectPostgresql(
  dial: ServerDial,
  { username, password, database, trust }: Login & { database: string; trust: ServerTrust },
): Promise<Driver & { encrypted: boolean }> {
  const secured = await secure(dial, trust);
  const socket = Duplex.from({ readable: secured.pipe(new SignInGuard()), writable: secured });
  const fail = (error: Error) => dial.destroy(error);
  socket.on("error", fail);
  dial.once("close", () => socket.destroy(dial.errored ?? undefined));
  let given = false;
  // The types of postgres.js know neither `socket` nor that it is handed over open; see its README, "Custom socket".
  const options: postgres.Options<Record<string, never>> & { socket(): Duplex } = {
    socket: () => {
      // The driver connects again by itself; a connection that was lost is the caller's to notice.
      if (given) throw dial.errored ?? closedError();
      given = true;
      return socket;
    },
    username,
    password,
    database,
    max: 1,
    ssl: false,
    prepare: false,
    fetch_types: false,
    idle_timeout: 0,
    max_lifetime: null,
    connect_timeout: 0,
    onnotice: () => {},
    connection: { application_name: "sallyport" },
  };
  const sql = postgres(options);
  const over = new Promise<never>((_resolve, reject) => {
    dial.once("close", () => reject(dial.errored ?? closedError()));
  });
  over.catch(() => {});
  const run: Driver["run"] = async (statement, values, { rowsMax }) => {
    const answer: Answer = { columns: [], rows: [], more: false, affected: null };
    const query = sql
      .unsafe(statement, [...values], { simple: false } as postgres.UnsafeQueryOptions)
      .raw()
      // One more than is wanted tells whether there are more, without fetching them.
      .cursor(rowsMax + 1, (rows: Buffer[][]) => {
        answer.rows.push(...rows.slice(0, rowsMax).map((row) => row.map((cell) => cell?.toString("utf8") ?? null)));
        answer.more = rows.length > rowsMax;
        return answer.more ? sql.CLOSE : undefined;
      });
    const result = await Promise.race([query, over]);
    answer.columns = result.columns?.map(({ name }) => name) ?? [];
    if (answer.columns.length === 0) answer.affected = result.count ?? null;
    return answer;
  };
  await run("select 1", [], { rowsMax: 1, bytesMax: 0, timeoutMs: 0 });
  return {
    encrypted: secured !== dial,
    run,
    end: async () => {
      if (!socket.destroyed) socket.end(goodbye);
      await sql.end({ timeout: 0 }).catch(() => {});
    },
  };
}

/** TLS where the server offers it, and the connection as it is where not, unless its certificate is to be checked. */
async function secure(dial: ServerDial, trust: ServerTrust): Promise<Duplex> {
  dial.write(tlsRequest);
  const [answer, rest] = await firstByte(dial);
  if (rest > 0) throw new Error("more than one byte in answer to the request for TLS");
  if (answer === "N" && trust.authorities !== null) throw refusedCertificate(trust, "no-tls");
  if (answer === "N") return dial;
  if (answer !== "S") throw new Error("neither yes nor no in answer to the request for TLS");
  return beginTls(dial, trust);
}

function firstByte(dial: ServerDial): Promise<[string, number]> {
  return new Promise((resolve, reject) => {
    const onClose = () => reject(dial.errored ?? closedError());
    dial.once("close", onClose);
    dial.once("readable", () => {
      const chunk: unknown = dial.read();
      dial.removeListener("close", onClose);
      if (Buffer.isBuffer(chunk) && chunk.length > 0) resolve([chunk.toString("latin1", 0, 1), chunk.length - 1]);
      else onClose();
    });
  });
}

/** Lets through what a server says until it is ready, once it was read; afterwards everything. */
class SignInGuard extends Transform {
  #held: Buffer = Buffer.alloc(0);
  #signedIn = false;

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null, data?: Buffer) => void): void {
    if (this.#signedIn) {
      done(null, chunk);
      return;
    }
    this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    while (!this.#signedIn && this.#held.length >= 5) {
      const length = 1 + this.#held.readUInt32BE(1);
      if (length >= 5 && length <= signInMessageMax && this.#held.length < length) break;
      const message = this.#held.subarray(0, length);
      const wrong = whyNotRead(message, length);
      if (wrong !== null) {
        done(new Error(wrong));
        return;
      }
      this.push(message);
      this.#held = this.#held.subarray(length);
      this.#signedIn = message[0] === ready;
    }
    if (this.#signedIn && this.#held.length > 0) this.push(this.#held);
    done();
  }
}

const [ready, authentication] = [0x5a, 0x52];
/** What may come before ReadyForQuery: Authentication, BackendKeyData, ParameterStatus, notices, errors, protocol negotiation. */
const beforeReady = new Set([..."RKSNEvZ"].map((letter) => letter.charCodeAt(0)));

function whyNotRead(message: Buffer, length: number): string | null {
  if (length < 5 || length > signInMessageMax) return "a message of a length that no server sends before sign-in";
  if (!beforeReady.has(message[0] ?? 0)) return "a message that no server sends before sign-in";
  if (message[0] !== authentication) return null;
  if (message.length < 9) return "an authentication request without a kind";
  const kind = message.readUInt32BE(5);
  if (![0, 5, 10, 11, 12].includes(kind)) return "a way to sign in that gives the password away, or is not known";
  if (kind !== 11) return null;
  const rounds = /^r=[^,]+,s=[A-Za-z0-9+/=]+,i=(\d{1,7})(?:,|$)/.exec(message.toString("latin1", 9))?.[1];
  return rounds !== undefined && Number(rounds) >= 1 && Number(rounds) <= scramRoundsMax
    ? null
    : "a challenge that is malformed, or costs too much to answer";
}
