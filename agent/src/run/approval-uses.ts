// How often each approval was used here. The hub counts as well; this is for the day when the hub's database says something else.
import fs from "node:fs";
import path from "node:path";
import { readIfThere, writeDurably } from "../state/files.ts";
import { parseObject } from "../state/identity.ts";
import type { Approved } from "./check-approval.ts";
import type { ExecutionKey } from "./run-order.ts";

/** A ticket is a hundred bytes; of more than these the oldest are forgotten, whose time is long over. */
const ticketsMax = 10_000;

/** By place, by execution and attempt: taken, and not begun as yet, or begun. */
type Uses = Record<string, Record<string, "taken" | "begun">>;

export class ApprovalUses {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
    fs.mkdirSync(directory, { recursive: true, mode: 0o700 });
    const names = fs.readdirSync(directory);
    if (names.length <= ticketsMax) return;
    const dated = names
      .map((name) => ({ name, at: fs.statSync(path.join(directory, name)).mtimeMs }))
      .sort((a, b) => a.at - b.at);
    for (const { name } of dated.slice(0, names.length - ticketsMax)) fs.rmSync(path.join(directory, name));
  }

  /** False: it was used as often as it may be, or by this very execution before. Durable when it returns. */
  take({ ticketId, target, runsMax }: Approved, key: ExecutionKey): boolean {
    const uses = this.#read(ticketId);
    const here = uses[target] ?? {};
    uses[target] = here;
    if (here[nameOf(key)] === "begun") return false;
    if (here[nameOf(key)] === undefined && Object.keys(here).length >= runsMax) return false;
    here[nameOf(key)] = "taken";
    this.#write(ticketId, uses);
    return true;
  }

  /** Call before the script begins: from now on it counts, whatever becomes of it. */
  begun({ ticketId, target }: Pick<Approved, "ticketId" | "target">, key: ExecutionKey): void {
    const uses = this.#read(ticketId);
    uses[target] = { ...uses[target], [nameOf(key)]: "begun" };
    this.#write(ticketId, uses);
  }

  /** It never began and never will. Nothing is given back of one that did. */
  giveBack({ ticketId, target }: Pick<Approved, "ticketId" | "target">, key: ExecutionKey): void {
    const uses = this.#read(ticketId);
    if (uses[target]?.[nameOf(key)] !== "taken") return;
    delete uses[target][nameOf(key)];
    this.#write(ticketId, uses);
  }

  #read(ticketId: string): Uses {
    const text = readIfThere(this.#file(ticketId))?.toString();
    if (text === undefined) return {};
    const uses: Uses = {};
    const said = parseObject(text);
    // Written by rename: half a file never exists. What cannot be read all the same must not count as unused.
    if (said === null) throw new Error(`${this.#file(ticketId)} is damaged`);
    for (const [target, names] of Object.entries(said)) {
      const here: Uses[string] = {};
      for (const [name, state] of Object.entries(names ?? {})) here[name] = state === "taken" ? "taken" : "begun";
      uses[target] = here;
    }
    return uses;
  }

  #write(ticketId: string, uses: Uses): void {
    writeDurably(this.#file(ticketId), JSON.stringify(uses));
  }

  #file(ticketId: string): string {
    return path.join(this.#directory, `${ticketId}.json`);
  }
}

const nameOf = ({ executionId, attempt }: ExecutionKey): string => `${executionId}.${attempt}`;
