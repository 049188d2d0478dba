// What the running agent says about itself, in status.json, for `agent status` and the installer. Rewritten with every change of the link.
import fs from "node:fs";
import path from "node:path";
import type { LinkState } from "./link/link.ts";
import { readIfThere } from "./state/files.ts";
import { parseObject } from "./state/identity.ts";
import { isAlive, markOf, type ProcessMark } from "./state/process-mark.ts";

export type Status = {
  process: ProcessMark;
  version: string;
  agentId: string;
  hubUrl: string;
  online: boolean;
  /** "mqtts" or "wss" when online, else why not. */
  detail: string;
  startedAtMs: number;
  changedAtMs: number;
};

const statusFile = (stateDir: string): string => path.join(stateDir, "status.json");

export class StatusFile {
  readonly #file: string;
  readonly #constant: Pick<Status, "process" | "version" | "agentId" | "hubUrl" | "startedAtMs">;

  constructor(stateDir: string, about: Pick<Status, "version" | "agentId" | "hubUrl">) {
    this.#file = statusFile(stateDir);
    this.#constant = { ...about, process: markOf(process.pid) ?? "", startedAtMs: Date.now() };
  }

  write(state: LinkState): void {
    const status: Status = {
      ...this.#constant,
      online: state.online,
      detail: state.online ? state.transport : state.reason,
      changedAtMs: Date.now(),
    };
    const beside = `${this.#file}.new`; // renamed, so that a reader never sees half; worth no fsync
    fs.writeFileSync(beside, JSON.stringify(status), { mode: 0o600 });
    fs.renameSync(beside, this.#file);
  }
}

/** Null when no agent runs on this state folder. */
export function readStatus(stateDir: string): Status | null {
  const parsed = parseObject(readIfThere(statusFile(stateDir))?.toString() ?? "");
  if (parsed === null) return null;
  const text = (name: keyof Status): string => String(Reflect.get(parsed, name));
  const mark = text("process");
  if (!isAlive(mark)) return null;
  return {
    process: mark,
    version: text("version"),
    agentId: text("agentId"),
    hubUrl: text("hubUrl"),
    online: Reflect.get(parsed, "online") === true,
    detail: text("detail"),
    startedAtMs: Number(text("startedAtMs")),
    changedAtMs: Number(text("changedAtMs")),
  };
}

/** Looks until the agent is online or `waitMs` have passed. */
export async function awaitOnline(stateDir: string, waitMs: number): Promise<Status | null> {
  const until = performance.now() + waitMs;
  for (;;) {
    const status = readStatus(stateDir);
    if (status?.online || performance.now() >= until) return status;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** One line for people. */
export function describeStatus(status: Status | null, stateDir: string): string {
  if (status === null) return `no agent runs on ${stateDir}`;
  if (status.online)
    return `online in ${((status.changedAtMs - status.startedAtMs) / 1_000).toFixed(1)} s over ${status.detail}, ${status.hubUrl}, ${status.agentId}`;
  return `not online: ${status.detail}`;
}
