// The SQL terminal: lines are edited here as mysql and psql edit them, statements go to the server one by one, answers come back as tables.
//
//   prompt ──line──► is a statement whole? ──no──► prompt for its next line
//      ▲                  │ yes
//      └── answer ◄── on record ──► server          Ctrl-C while it runs: cancelled there, over a connection of its own
import { once } from "node:events";
import readline from "node:readline";
import { HubError } from "../../platform/errors.ts";
import type { Verdict } from "../../sessions/line-gate.ts";
import type { LocalTerminal } from "../../sessions/local-terminal.ts";
import { quoteName } from "../identifiers.ts";
import type { Answer, DatabaseSession } from "../session.ts";
import { mayHoldSecret } from "./hidden-secrets.ts";
import { type Open, type Statement, takeStatement } from "./statements.ts";
import { blockLines, plain, tableLines } from "./table-text.ts";
import type { ShellWords } from "./words.ts";

/** Of an answer so much is kept, for the screen and for export; a person reads a thousandth of it. */
const answerBounds = { bytesMax: 4 * 1024 * 1024, timeoutMs: 10 * 60_000 };
const rowsDefault = 1_000;
const rowsMax = 10_000;
/** More than anybody types; what is longer belongs into a script. */
const statementBytesMax = 64 * 1024;
/** Lines that were pasted and wait; no more is read before some have run, but for what one piece of input holds, 64 KiB. */
const linesWaitingMax = 2_000;
const historyMax = 500;
const completionsMax = 2_000;

export type SqlShellOptions = {
  terminal: LocalTerminal;
  asset: string;
  account: string;
  words: ShellWords;
  /** Signs in as the account. @throws HubError */
  connect(database: string | null): Promise<DatabaseSession>;
  /** Rules are asked about it first. Never throws. */
  judge(statement: string): Promise<Verdict>;
  /** On record before it runs. */
  record(statement: string): Promise<void>;
  /** The hub's own fault, for its log: nobody waits for what happens here. */
  onFault(error: unknown): void;
  /** Null: this person may not take answers along. */
  keep: ((answer: Answer) => void) | null;
};

export class SqlShell {
  readonly #options: SqlShellOptions;
  readonly #lines: string[] = [];
  #wake: (() => void) | null = null;
  #over = false;
  #session: DatabaseSession | null = null;
  /** How the server calls our connection, digits alone. */
  #connectionId = "";
  #database: string | null = null;
  #running = false;
  #interrupted = false;
  /** A statement waits for somebody's decision: gives it up. */
  #giveUp: (() => void) | null = null;
  #vertical = false;
  #rows = rowsDefault;
  #answered: number | null = null;
  #names: Promise<string[]> | null = null;

  constructor(options: SqlShellOptions) {
    this.#options = options;
  }

  /** Before run(): whoever is not let in has no terminal. @throws HubError */
  async connect(): Promise<void> {
    await this.#connect();
  }

  /** Until the person leaves or the terminal is ended from outside. Never throws. */
  async run(): Promise<void> {
    const { terminal, words } = this.#options;
    const editor = readline.createInterface({
      input: terminal,
      output: terminal,
      terminal: true,
      historySize: historyMax,
      completer: (line: string, done: (error: null, found: [string[], string]) => void) =>
        void this.#complete(line).then(
          (found) => done(null, found),
          (error: unknown) => {
            this.#options.onFault(error);
            done(null, [[], line]);
          },
        ),
    });
    editor.on("line", (line) => {
      this.#onLine(line);
      if (this.#lines.length >= linesWaitingMax) editor.pause();
    });
    editor.on("SIGINT", () => {
      if (!this.#running) {
        editor.write(null, { ctrl: true, name: "e" });
        editor.write(null, { ctrl: true, name: "u" }); // what stands in the line is not meant any more
      }
      this.#onInterrupt();
    });
    editor.on("history", (history: string[]) => {
      if (mayHoldSecret(history[0] ?? "")) history.shift();
    });
    editor.on("close", () => this.#end());
    terminal.once("close", () => this.#end());
    try {
      await this.#converse(editor);
    } catch (error) {
      // What is wrong with one statement is told at once; this is the hub's own fault.
      this.#options.onFault(error);
      await this.#say([words.hubFailed]);
    } finally {
      this.#over = true;
      await this.#session?.close();
      editor.close();
      terminal.exit(0);
    }
  }

  async #converse(editor: readline.Interface): Promise<void> {
    const { asset, account, words } = this.#options;
    const version = this.#session?.version ?? "";
    const server = this.#session?.dialect === "postgresql" ? `PostgreSQL ${version}` : version;
    await this.#say([words.greeting(plain(asset), plain(server), plain(account))]);
    await this.#say([words.encrypted[this.#session?.encrypted ?? "no"]]);
    let typed = "";
    for (;;) {
      const line = await this.#ask(editor, this.#prompt(typed));
      if (line === null) break;
      if (this.#interrupted) {
        this.#interrupted = false;
        typed = "";
        continue;
      }
      if (typed === "" && isCommand(line)) {
        if (await this.#command(editor, line.trim())) break;
        continue;
      }
      typed += `${line}\n`;
      if (Buffer.byteLength(typed) > statementBytesMax) {
        typed = "";
        await this.#say([words.tooLong(statementBytesMax)]);
        continue;
      }
      for (;;) {
        const { statement, ...after } = takeStatement(this.#dialect, typed);
        if (statement === null) break;
        typed = "rest" in after ? after.rest : "";
        if (statement.text !== "") await this.#execute(editor, statement);
        if (this.#over) return;
      }
      if (typed.trim() === "") typed = "";
    }
    await this.#say([words.goodbye]);
  }

  get #dialect(): DatabaseSession["dialect"] {
    return this.#session?.dialect ?? "mysql";
  }

  #prompt(typed: string): string {
    const at = plain(this.#database ?? (this.#dialect === "mysql" ? "(none)" : "postgres"));
    const name = this.#dialect === "mysql" ? `SQL [${at}]` : at;
    const state = typed === "" ? { statement: null, open: "" as Open } : takeStatement(this.#dialect, typed);
    const open = "open" in state ? state.open : "";
    return typed === "" ? `${name}> ` : `${" ".repeat(Math.max(0, name.length - 1))}${open === "" ? "-" : open.slice(-1)}> `;
  }

  /** Null: nobody is there any more. */
  async #ask(editor: readline.Interface, prompt: string): Promise<string | null> {
    if (this.#lines.length === 0 && !this.#over) {
      editor.setPrompt(prompt);
      editor.prompt();
    }
    while (this.#lines.length === 0) {
      if (this.#over) return null;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const line = this.#lines.shift() ?? null;
    if (this.#lines.length < linesWaitingMax / 2) editor.resume();
    return line;
  }

  #onLine(line: string): void {
    this.#lines.push(line);
    this.#wake?.();
  }

  #onInterrupt(): void {
    if (this.#giveUp !== null) {
      this.#giveUp();
      return;
    }
    if (this.#running) {
      void this.#cancel();
      return;
    }
    this.#options.terminal.write("^C\r\n");
    this.#interrupted = true;
    this.#lines.length = 0;
    this.#onLine("");
  }

  #end(): void {
    this.#over = true;
    this.#giveUp?.();
    this.#wake?.();
    void this.#session?.close();
  }

  /** True: leave. */
  async #command(editor: readline.Interface, line: string): Promise<boolean> {
    const { words } = this.#options;
    const [command = "", ...rest] = line.replace(/;$/, "").trim().split(/\s+/);
    const name = rest.join(" ");
    switch (command.toLowerCase()) {
      case "\\q":
      case "quit":
      case "exit":
        return true;
      case "\\?":
      case "\\h":
      case "help":
        await this.#say(words.help);
        return false;
      case "\\x":
        this.#vertical = !this.#vertical;
        await this.#say([words.vertical(this.#vertical)]);
        return false;
      case "\\limit": {
        const wanted = Number(name);
        const isOne = Number.isInteger(wanted) && wanted >= 1 && wanted <= rowsMax;
        if (isOne) {
          this.#rows = wanted;
          await this.#limitOnServer();
        }
        await this.#say([isOne ? words.limit(wanted) : words.badLimit(rowsMax)]);
        return false;
      }
      case "\\export":
        await this.#say([
          this.#options.keep === null
            ? words.notExportable
            : this.#answered === null
              ? words.nothingToExport
              : words.export(this.#answered),
        ]);
        return false;
      case "\\l":
        await this.#execute(editor, { text: questions[this.#dialect].databases, vertical: false });
        return false;
      case "\\d":
      case "\\dt":
        await this.#execute(editor, {
          text: name === "" ? questions[this.#dialect].tables : questions[this.#dialect].columns(name),
          vertical: false,
        });
        return false;
      case "\\c":
      case "\\u":
      case "use":
        await this.#goTo(editor, unquoted(name));
        return false;
      default:
        await this.#say([words.unknownCommand(plain(command).slice(0, 40))]);
        return false;
    }
  }

  async #goTo(editor: readline.Interface, database: string): Promise<void> {
    if (database === "") return;
    if (this.#dialect === "mysql") {
      await this.#execute(editor, { text: `use ${quoteName("mysql", database)}`, vertical: false });
      return;
    }
    // A connection of PostgreSQL is to one database for as long as it lasts.
    const before = this.#database;
    await this.#session?.close();
    this.#session = null;
    this.#database = database;
    await this.#attempt(async () => {
      try {
        await this.#connect();
      } catch (error) {
        this.#database = before;
        throw error;
      }
    });
  }

  async #execute(editor: readline.Interface, { text, vertical }: Statement): Promise<void> {
    const { words, record, keep } = this.#options;
    this.#interrupted = false;
    if (!(await this.#mayRun(editor, text))) return;
    this.#running = true;
    await this.#attempt(async () => {
      try {
        await record(text);
      } catch {
        await this.#say([words.notRecorded]);
        return;
      }
      const session = await this.#connected();
      const since = performance.now();
      const answer = await session.query(text, [], { ...answerBounds, rowsMax: this.#rows });
      const ms = performance.now() - since;
      this.#running = false;
      await this.#noteDatabase(text);
      if (answer.columns.length === 0) {
        await this.#say([answer.affected === null ? words.done(ms) : words.changed(answer.affected, ms)]);
        return;
      }
      this.#answered = answer.rows.length;
      keep?.(answer);
      const lines = vertical || this.#vertical ? blockLines(answer) : tableLines(answer);
      const told = [words.rows(answer.rows.length, ms), ...(answer.more ? [words.moreThan(answer.rows.length)] : [])];
      await this.#show(editor, [...lines, ...told]);
    });
    this.#running = false;
    this.#interrupted = false;
  }

  /** What rules say of it; what was typed behind a statement that does not run is dropped with it. */
  async #mayRun(editor: readline.Interface, statement: string): Promise<boolean> {
    const { judge, words } = this.#options;
    const verdict = await judge(statement);
    if (verdict.kind === "pass") return true;
    this.#lines.length = 0;
    const because = words.rule(plain(verdict.rule), plain(verdict.says));
    switch (verdict.kind) {
      case "refuse":
        await this.#say([`${because} ${words.heldBack[verdict.why]}`]);
        return false;
      case "warn": {
        await this.#say([because]);
        const answer = await this.#ask(editor, words.confirm);
        if (answer === null || !/^(y|yes|是)$/i.test(answer.trim())) {
          await this.#say([words.heldBack.withdrawn]);
          return false;
        }
        if (await verdict.confirmed()) return true;
        await this.#say([words.heldBack.unavailable]);
        return false;
      }
      case "review": {
        await this.#say([`${because} ${words.waits(verdict.deciders.map(plain).join(", "))}`]);
        this.#giveUp = verdict.giveUp;
        const outcome = await verdict.outcome;
        this.#giveUp = null;
        if (outcome !== "approved") await this.#say([words.heldBack[outcome]]);
        return outcome === "approved" && !this.#over;
      }
    }
  }

  /** What goes wrong is told, and the terminal goes on. */
  async #attempt(work: () => Promise<void>): Promise<void> {
    const { words } = this.#options;
    try {
      await work();
    } catch (error) {
      if (!(error instanceof HubError)) throw error;
      if (this.#over) return;
      const said = String(error.facts["words"] ?? "");
      await this.#say([this.#interrupted ? words.cancelled : `${words.error}: ${plain(said || error.message)}`]);
    }
  }

  async #connected(): Promise<DatabaseSession> {
    if (this.#session !== null) return this.#session;
    const session = await this.#connect();
    await this.#say([this.#options.words.connectedAgain]);
    return session;
  }

  async #connect(): Promise<DatabaseSession> {
    const session = await this.#options.connect(this.#database);
    this.#session = session;
    const asked = await session.query(
      session.dialect === "mysql" ? "select connection_id(), database()" : "select pg_backend_pid(), current_database()",
    );
    const [id, database] = asked.rows[0] ?? [];
    this.#connectionId = /^\d{1,20}$/.test(id ?? "") ? (id ?? "") : "";
    this.#database = database ?? null;
    this.#names = null;
    await this.#limitOnServer();
    void session.closed.then(() => {
      if (this.#session !== session) return;
      this.#session = null;
      if (!this.#over) void this.#say([this.#options.words.lost]);
    });
    return session;
  }

  /** A statement without a limit of its own is limited where its rows are, not when they have come. PostgreSQL gives as many as are asked for. */
  async #limitOnServer(): Promise<void> {
    if (this.#session?.dialect === "mysql") await this.#session.query(`set session sql_select_limit = ${this.#rows + 1}`);
  }

  async #noteDatabase(text: string): Promise<void> {
    if (this.#dialect !== "mysql" || !/^use\s/i.test(text)) return;
    this.#database = (await this.#session?.query("select database()"))?.rows[0]?.[0] ?? null;
    this.#names = null;
  }

  /** Over a second connection of the same account: whoever runs a statement may stop it. */
  async #cancel(): Promise<void> {
    if (this.#interrupted || this.#connectionId === "") return;
    this.#interrupted = true;
    try {
      const other = await this.#options.connect(null);
      const statement = other.dialect === "mysql" ? "kill query" : "select pg_cancel_backend";
      await other.query(other.dialect === "mysql" ? `${statement} ${this.#connectionId}` : `${statement}(${this.#connectionId})`);
      await other.close();
    } catch (error) {
      if (!(error instanceof HubError)) this.#options.onFault(error);
      await this.#session?.close(); // the server ends it when it notices
    }
  }

  async #show(editor: readline.Interface, lines: readonly string[]): Promise<void> {
    const { terminal, words } = this.#options;
    for (let at = 0; at < lines.length && !this.#over; ) {
      const page = Math.max(5, terminal.rows - 1);
      // The last page may be a little longer: nobody is asked to see two lines more.
      const to = lines.length - at <= page + 2 ? lines.length : at + page;
      await this.#say(lines.slice(at, to));
      at = to;
      // Whoever has typed ahead reads it afterwards.
      if (at >= lines.length || this.#lines.length > 0) continue;
      const answer = await this.#ask(editor, words.pager(at, lines.length));
      if (answer === null || this.#interrupted || answer.trim().toLowerCase() === "q") return;
    }
  }

  async #say(lines: readonly string[]): Promise<void> {
    const { terminal } = this.#options;
    if (terminal.destroyed) return;
    if (terminal.write(lines.map((line) => `${line}\r\n`).join(""))) return;
    const left = new AbortController();
    await Promise.race([
      once(terminal, "drain", { signal: left.signal }),
      once(terminal, "close", { signal: left.signal }),
    ]).finally(() => left.abort());
  }

  async #complete(line: string): Promise<[string[], string]> {
    const word = /[\w$.]*$/.exec(line)?.[0] ?? "";
    if (word === "") return [[], word];
    this.#names ??= this.#fetchNames();
    const found = (await this.#names).filter((name) => name.toLowerCase().startsWith(word.toLowerCase()));
    return [found.slice(0, 100), word];
  }

  /** Of tables and views here; none while a statement runs, since a connection answers one at a time. */
  async #fetchNames(): Promise<string[]> {
    const session = this.#session;
    if (session === null || this.#running) return keywords;
    try {
      const { rows } = await session.query(questions[session.dialect].names, [], { rowsMax: completionsMax });
      return [...rows.flatMap(([name]) => (name === null || name === undefined ? [] : [plain(name)])), ...keywords];
    } catch (error) {
      if (!(error instanceof HubError)) throw error;
      return keywords;
    }
  }
}

const isCommand = (line: string): boolean =>
  /^\s*(\\[a-z?]|(quit|exit|help)\s*;?\s*$|use\s+\S+\s*;?\s*$)/i.test(line) && !/^\s*\\[gG]\s*$/.test(line);

/** As it may be typed: `shop`, "shop", shop. */
const unquoted = (name: string): string => /^([`"])(.*)\1$/.exec(name)?.[2] ?? name;

const keywords =
  "SELECT FROM WHERE INSERT INTO VALUES UPDATE SET DELETE JOIN LEFT INNER ON GROUP BY ORDER HAVING LIMIT OFFSET DISTINCT COUNT EXPLAIN SHOW BEGIN COMMIT ROLLBACK NULL".split(
    " ",
  );

/** A name as a text in single quotes, where a catalogue is asked for it: every quote is doubled, and MySQL's backslash too. */
const asText = (name: string, backslash: boolean): string =>
  `'${(backslash ? name.replaceAll("\\", "\\\\") : name).replaceAll("'", "''")}'`;

const questions = {
  mysql: {
    databases: "show databases",
    tables: "show full tables",
    columns: (name: string) =>
      `show full columns from ${unquoted(name)
        .split(".")
        .map((part) => quoteName("mysql", unquoted(part)))
        .join(".")}`,
    names: "select table_name from information_schema.tables where table_schema = database() order by 1",
  },
  postgresql: {
    databases: "select datname as database from pg_catalog.pg_database where datallowconn and not datistemplate order by 1",
    tables: `select table_schema as schema, table_name as name, table_type as type from information_schema.tables
where table_schema not in ('pg_catalog', 'information_schema') order by 1, 2`,
    columns: (name: string) => {
      const [first = "", second] = name.split(".").map(unquoted);
      return `select table_schema as schema, column_name as column, data_type as type, is_nullable as nullable, column_default as "default"
from information_schema.columns where table_name = ${asText(second ?? first, false)}${second === undefined ? "" : ` and table_schema = ${asText(first, false)}`} order by ordinal_position`;
    },
    names:
      "select table_name from information_schema.tables where table_schema not in ('pg_catalog', 'information_schema') order by 1",
  },
} as const;
