// What became of the files of an execution so far, as placed.json.
import path from "node:path";
import { wire } from "@sallyport/protocol/wire";
import type { PlacedState } from "../files/place-file.ts";
import { readIfThere } from "../state/files.ts";
import { taskFiles } from "./task.ts";

/** `unchecked`: the host has no program that compares content with a hash. */
export type Placed = { state: PlacedState; unchecked: boolean };

const states: Record<PlacedState, wire.PlacedState> = {
  new: wire.PlacedState.PLACED_NEW,
  unchanged: wire.PlacedState.PLACED_UNCHANGED,
  kept: wire.PlacedState.PLACED_KEPT,
};

/** Empty before the first. Written by this agent, by rename: half of one never exists. */
export function readPlaced(folder: string): Placed[] {
  const text = readIfThere(path.join(folder, taskFiles.placed));
  const read: unknown = text === null ? [] : JSON.parse(text.toString());
  return Array.isArray(read) ? read.filter(isPlaced) : [];
}

export const wirePlaced = ({ state, unchecked }: Placed): wire.PlacedFile.$Properties => ({ state: states[state], unchecked });

const isPlaced = (value: unknown): value is Placed =>
  typeof value === "object" &&
  value !== null &&
  Object.keys(states).includes(String(Reflect.get(value, "state"))) &&
  typeof Reflect.get(value, "unchecked") === "boolean";
