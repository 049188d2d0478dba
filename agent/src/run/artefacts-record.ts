// What became of an execution's artefacts, as artefacts.json: written by the runner before it says how the script ended.
import path from "node:path";
import { artefactsListedMax } from "@sallyport/protocol/limits";
import { readIfThere, writeDurably } from "../state/files.ts";
import { parseObject } from "../state/identity.ts";
import { taskFiles } from "./task.ts";

export const artefactStates = ["collected", "beyond-cap", "unreadable", "no-file", "not-there", "no-room", "stopped"] as const;
export type ArtefactState = (typeof artefactStates)[number];

export type Artefact = { path: string; size: number; state: ArtefactState };

/** `bytes`: of the archive; 0 when there is none. `listed`: what was left out first. `unlisted`: how many more there are. */
export type Collected = { bytes: number; listed: Artefact[]; unlisted: number };

/** Keeps what is told of artefacts, and counts the rest. */
export class ArtefactList {
  readonly #leftOut: Artefact[] = [];
  readonly #collected: Artefact[] = [];
  #count = 0;

  add(artefact: Artefact): void {
    this.#count++;
    const list = artefact.state === "collected" ? this.#collected : this.#leftOut;
    if (list.length < artefactsListedMax) list.push(artefact);
  }

  record(bytes: number): Collected {
    const listed = [...this.#leftOut, ...this.#collected].slice(0, artefactsListedMax);
    return { bytes, listed, unlisted: this.#count - listed.length };
  }
}

export function writeCollected(folder: string, collected: Collected): void {
  writeDurably(path.join(folder, taskFiles.artefactsRecord), JSON.stringify(collected));
}

/** Null when nothing was collected. Written by this agent, by rename: half of one never exists. */
export function readCollected(folder: string): Collected | null {
  const text = readIfThere(path.join(folder, taskFiles.artefactsRecord));
  const record = text === null ? null : parseObject(text.toString());
  if (record === null) return null;
  const of = (name: keyof Collected): unknown => Reflect.get(record, name);
  const [bytes, listed, unlisted] = [of("bytes"), of("listed"), of("unlisted")];
  if (typeof bytes !== "number" || typeof unlisted !== "number" || !Array.isArray(listed)) return null;
  return { bytes, listed: listed.filter(isArtefact), unlisted };
}

const isArtefact = (value: unknown): value is Artefact =>
  typeof value === "object" &&
  value !== null &&
  typeof Reflect.get(value, "path") === "string" &&
  typeof Reflect.get(value, "size") === "number" &&
  artefactStates.some((state) => state === Reflect.get(value, "state"));
