// A connection to a database server as the rest of the hub uses it, whichever driver is below. One statement at a time, each with its bounds.
import type { Dialect } from "./dialect.ts";

/** Everything as text, as the server writes it; null is NULL. */
export type Answer = {
  columns: string[];
  rows: (string | null)[][];
  /** There were more rows than the bounds let through. */
  more: boolean;
  /** Rows that a statement without an answer of its own has changed; null where the server does not say. */
  affected: number | null;
};

export type Bounds = {
  /** Rows after these are not kept. */
  rowsMax: number;
  /** More than this of the server's answer, rows that are not kept included, ends the connection: `too-large`. */
  bytesMax: number;
  /** Then the connection is ended: `not-reached`. */
  timeoutMs: number;
};

/** What the hub's own questions need: a page of names, a few thousand privileges. */
export const ownBounds: Bounds = { rowsMax: 5_000, bytesMax: 8 * 1024 * 1024, timeoutMs: 15_000 };

export type Driver = {
  /**
   * @param statement one, without a semicolon after it.
   * @param values of its placeholders, `?` in MySQL and `$1` in PostgreSQL; they never become part of its text.
   * @throws the driver's error.
   */
  run(statement: string, values: readonly string[], bounds: Bounds): Promise<Answer>;
  /** Says goodbye. Never throws. */
  end(): Promise<void>;
};

export type DatabaseSession = {
  readonly dialect: Dialect;
  /** Through which agent. */
  readonly agentId: string;
  /** `10.11.6-MariaDB-0+deb12u1`, `15.8`: as the server says it. */
  readonly version: string;
  readonly isMariaDb: boolean;
  /** Of the way from the agent to the server. checked: its certificate is one that the asset's authorities vouch for; unchecked: it may be anybody's. */
  readonly encrypted: "checked" | "unchecked" | "no";
  /** @throws HubError as failures.ts says; `too-large`. */
  query(statement: string, values?: readonly string[], bounds?: Partial<Bounds>): Promise<Answer>;
  /** Ends the connection; what is underway fails. Never throws. */
  close(): Promise<void>;
  /** Resolves when the connection is over, whoever ended it. */
  readonly closed: Promise<void>;
};
