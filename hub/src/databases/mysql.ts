// MySQL and MariaDB over mysql2. What a server may ask of a client beyond answers is refused: files, the password as it is.
import type { Duplex } from "node:stream";
import type { Connection, FieldPacket, QueryError } from "mysql2";
import { closedError, type ServerDial } from "./server-dial.ts";
import { beginTls, type ServerTrust } from "./server-tls.ts";
import type { Answer, Bounds, Driver } from "./session.ts";

export type Login = { username: string; password: string };

/**
 * @param tls whether to encrypt; a server that cannot fails with the code HANDSHAKE_NO_SSL_SUPPORT.
 * @throws the driver's error; HubError `certificate-refused`.
 */
export async function connectMysql(
  dial: ServerDial,
  { username, password, database, tls, trust }: Login & { database: string | null; tls: boolean; trust: ServerTrust },
): Promise<Driver> {
  // Loaded where a hub reaches such a server at all.
  const { createConnection } = await import("mysql2");
  const connection = createConnection({
    stream: dial,
    user: username,
    password,
    ...(database === null ? {} : { database }),
    // That it is wanted; how, is said by startTLS below.
    ...(tls ? { ssl: {} } : {}),
    charset: "utf8mb4_general_ci",
    multipleStatements: false,
    flags: ["-LOCAL_FILES", "-MULTI_STATEMENTS"],
    // Parsers are not made from a server's column names.
    disableEval: true,
    dateStrings: true,
    supportBigNumbers: true,
    bigNumberStrings: true,
    decimalNumbers: false,
    jsonStrings: true,
    connectTimeout: 0, // the caller has a deadline for all of it
  });
  guard(connection, dial, trust);
  await new Promise<void>((resolve, reject) => {
    connection.once("connect", () => resolve());
    connection.on("error", reject);
    dial.once("close", () => reject(dial.errored ?? closedError()));
  });
  return {
    run: (statement, values, bounds) => run(connection, dial, statement, values, bounds),
    end: async () => connection.destroy(),
  };
}

/** The packets of mysql2's inside, of which its types say nothing. */
type Inside = {
  handlePacket(packet: { sequenceId: number } | undefined): void;
  sequenceId: number;
  startTLS(onSecure: () => void): void;
  stream: Duplex;
  packetParser: { execute(data: Buffer): void };
};

/**
 * A packet that the driver cannot read ends the connection. By itself it would throw into whoever moves the bytes, or write a line to the console. And TLS
 * is begun as with PostgreSQL: the driver compares no addresses with certificates, and forgets what was wrong with one.
 */
function guard(connection: Connection, dial: ServerDial, trust: ServerTrust): void {
  const inside = connection as unknown as Inside;
  const handle = inside.handlePacket.bind(connection);
  inside.handlePacket = (packet) => {
    try {
      if (packet !== undefined && packet.sequenceId !== inside.sequenceId) throw new Error("packets out of order");
      handle(packet);
    } catch (error) {
      dial.destroy(error instanceof Error ? error : new Error("unreadable packet"));
    }
  };
  inside.startTLS = (onSecure) => {
    dial.removeAllListeners("data");
    void beginTls(dial, trust).then(
      (secured) => {
        secured.on("data", (data: Buffer) => inside.packetParser.execute(data));
        inside.stream = secured;
        onSecure();
      },
      (error: unknown) => dial.destroy(error instanceof Error ? error : closedError()),
    );
  };
}

/** Statements with values are prepared on the server, so that nothing here writes values into a text. */
function run(
  connection: Connection,
  dial: ServerDial,
  statement: string,
  values: readonly string[],
  { rowsMax }: Bounds,
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const answer: Answer = { columns: [], rows: [], more: false, affected: null };
  const options = { sql: statement, rowsAsArray: true };
  const query = values.length === 0 ? connection.query(options) : connection.execute({ ...options, values: [...values] });
  // A procedure may answer several times; the first answer with columns is the one that is kept.
  let kept: FieldPacket[] | null = null;
  let current: FieldPacket[] | undefined;
  query.on("fields", (fields: FieldPacket[] | undefined) => {
    current = fields;
    if (kept !== null || fields === undefined) return;
    kept = fields;
    answer.columns = fields.map(({ name }) => name);
  });
  query.on("result", (row: unknown) => {
    if (current === undefined) {
      if (typeof row === "object" && row !== null && "affectedRows" in row) answer.affected = Number(row.affectedRows);
      return;
    }
    if (current !== kept || !Array.isArray(row)) return;
    if (answer.rows.length >= rowsMax) answer.more = true;
    else answer.rows.push(row.map(textOf));
  });
  query.on("error", (error: QueryError) => reject(error));
  query.on("end", () => resolve(answer));
  const onClose = () => reject(dial.errored ?? closedError());
  if (dial.destroyed) onClose();
  dial.once("close", onClose);
  return promise.finally(() => dial.removeListener("close", onClose));
}

const textOf = (value: unknown): string | null =>
  value === null || value === undefined ? null : Buffer.isBuffer(value) ? value.toString("utf8") : String(value);
