// A script on this host: a runner of its own carries it out and writes how it ended. Here is only what has to be done for the runner.
import fs from "node:fs";
import path from "node:path";
import type { wire } from "@sallyport/protocol/wire";
import { accepted, type Outcome, refused } from "../orders/order-gate.ts";
import { writeDurably } from "../state/files.ts";
import { isAlive, pidOf, readMark } from "../state/process-mark.ts";
import type { Carrier } from "./carrier.ts";
import { claimFolder, nobody } from "./claim-folder.ts";
import { type ExitRecord, endedWithoutOutput } from "./exit-record.ts";
import type { HubNeeds } from "./hub-needs.ts";
import { type Journalled, stateOf } from "./journal.ts";
import { openSecrets, type Unseal } from "./open-secrets.ts";
import { readStart } from "./start-record.ts";
import { parseTask, taskFiles } from "./task.ts";

/** From the launch to the runner's mark. A loaded host takes a second to start a process; after this it may start nothing any more. */
const runnerDeadlineMs = 10_000;

/** How often a runner without news is looked for. A file is looked at more often than a process. */
const aliveEveryMs = 1_000;

/** The hub could not: not now, perhaps later. */
const lackedMs = 15_000;

/** Starts the runner. `secrets`: null where there are none. */
export type Launch = (folder: string, secrets: Record<string, string> | null, onFailure: (error: Error) => void) => void;

export type LocalScriptOptions = { entry: Journalled; launch: Launch; needs: HubNeeds; unseal: Unseal; wall: () => number };

export class LocalScript implements Carrier {
  readonly #options: LocalScriptOptions;
  #launchedAt: number | null = null;
  #aliveAt = 0;
  /** An end that no runner tells, because there is none. */
  #end: ExitRecord | null = null;

  constructor(options: LocalScriptOptions) {
    this.#options = options;
  }

  begin(): void {
    if (!this.#options.entry.secret) this.#launch(null);
  }

  resume(): void {
    // With secrets there may never have been a runner, and a second one starts nothing.
    if (!this.#options.entry.secret || fs.existsSync(this.#file(taskFiles.runner))) this.#launchedAt = this.#options.wall();
  }

  stop(graceSeconds: number): void {
    writeDurably(this.#file(taskFiles.stop), String(graceSeconds));
    if (this.#launchedAt === null) this.#endUnlessRun("stopped", "Stopped before it began.");
    // A runner that has not started the script yet finds the file; afterwards it waits for the signal.
    const mark = readMark(this.#file(taskFiles.runner));
    const pid = mark !== null && fs.existsSync(this.#file(taskFiles.started)) && isAlive(mark) ? pidOf(mark) : null;
    if (pid !== null) process.kill(pid, "SIGTERM");
  }

  look(): ExitRecord | null {
    if (this.#end !== null) return this.#end;
    if (this.#launchedAt === null) this.#options.needs.ask(performance.now());
    else this.#lookForRunner(this.#launchedAt);
    return this.#end;
  }

  equip(_sequence: number, order: wire.EquipRun.$Properties): Outcome {
    const { entry, needs, unseal } = this.#options;
    if (!needs.answered() || this.#launchedAt !== null || this.#end !== null)
      return refused("policy", "Nothing of this execution waits for it.");
    const task = parseTask(fs.readFileSync(this.#file(taskFiles.task), "utf8"));
    const opened = openSecrets(task.secrets, order.secrets ?? [], (sealed) => unseal(sealed, entry.executionId));
    if (!opened.ok) {
      needs.again(performance.now(), lackedMs);
      return opened.outcome;
    }
    this.#launch(opened.secrets);
    return accepted;
  }

  lacks(final: boolean, why: string): void {
    if (this.#launchedAt !== null || !this.#options.needs.waiting) return;
    if (final) this.#endUnlessRun("refused", why);
    else this.#options.needs.again(performance.now(), lackedMs);
  }

  close(): void {}

  #launch(secrets: Record<string, string> | null): void {
    const { entry, launch, wall } = this.#options;
    this.#launchedAt = wall();
    launch(entry.folder, secrets, (error) => this.#endUnlessRun("spawn-failed", `The runner did not start: ${error.message}.`));
  }

  /** A runner that comes after this finds the folder taken. */
  #endUnlessRun(end: "stopped" | "refused" | "spawn-failed", why: string): void {
    const { entry, wall } = this.#options;
    if (claimFolder(entry.folder, nobody)) this.#end = endedWithoutOutput(end, wall(), why);
    else this.#launchedAt ??= wall();
  }

  #lookForRunner(launchedAt: number): void {
    const { entry, wall } = this.#options;
    const now = wall();
    if (Math.abs(now - this.#aliveAt) < aliveEveryMs) return;
    this.#aliveAt = now;
    const state = stateOf(entry);
    if (state.state !== "lost") return;
    if (!state.hadRunner) {
      if (Math.abs(now - launchedAt) < runnerDeadlineMs || !claimFolder(entry.folder, nobody)) return;
      this.#end = endedWithoutOutput(
        "unknown",
        now,
        "The agent or the host went down while the script was being started. It may have run or not.",
      );
      return;
    }
    const start = readStart(entry.folder);
    if (start !== null && isAlive(start.mark)) killGroup(start.mark); // nobody hears it any more
    const lost = "The script was lost with its runner: the host was restarted, or somebody killed it.";
    this.#end = { ...endedWithoutOutput("agent-restarted", now, lost), startedAtMs: start?.startedAtMs ?? 0 };
  }

  #file(name: string): string {
    return path.join(this.#options.entry.folder, name);
  }
}

function killGroup(mark: string): void {
  const pid = pidOf(mark);
  if (pid !== null) process.kill(-pid, "SIGKILL");
}
