// What an agent says of the files of an execution, read with care.
import { filesPerRunMax } from "@sallyport/protocol/limits";
import { wire } from "@sallyport/protocol/wire";
import type { Placing, placedStates } from "./input.ts";

/** @param bytes as the agent counts them; nonsense is 0. */
export function placingOf(files: readonly wire.PlacedFile.$Properties[], bytes: number): Placing {
  return {
    bytes: Number.isSafeInteger(bytes) && bytes > 0 ? bytes : 0,
    files: files.slice(0, filesPerRunMax).map(({ state, unchecked }) => ({
      state: stateOf(state ?? wire.PlacedState.PLACED_STATE_UNSPECIFIED),
      unchecked: unchecked === true,
    })),
  };
}

function stateOf(state: wire.PlacedState): (typeof placedStates)[number] {
  switch (state) {
    case wire.PlacedState.PLACED_UNCHANGED:
      return "unchanged";
    case wire.PlacedState.PLACED_KEPT:
      return "kept";
    default:
      return "placed";
  }
}
