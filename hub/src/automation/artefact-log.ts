// The archive of what an execution collected: a log of its own beside the output's, so that it is chained, signed, verified, stored and removed as that is.
// Names in it are the host's; nothing here looks inside.

import { artefactsListedMax, textBytesMax } from "@sallyport/protocol/limits";
import { wire } from "@sallyport/protocol/wire";
import type { Channel } from "../logs/log-file.ts";
import { shortText } from "../platform/text.ts";
import type { Artefacts, artefactStates } from "./input.ts";

/** Of its log. */
export const archiveChannel: Channel = "output";

/** An execution has one archive, so its name is the execution's with another prefix. */
export const artefactLogOf = (executionId: string): string => executionId.replace(/^exe_/, "art_");
export const executionOfArtefacts = (logId: string): string => logId.replace(/^art_/, "exe_");

/** What an agent says of artefacts, read with care. */
export function artefactsOf({ artefacts, artefactsUnlisted }: wire.RunResult.$Properties): Omit<Artefacts, "bytes"> {
  const unlisted = artefactsUnlisted ?? 0;
  return {
    listed: (artefacts ?? []).slice(0, artefactsListedMax).map(({ path, size, state }) => ({
      path: shortText(path, textBytesMax),
      size: Number.isSafeInteger(size ?? 0) ? (size ?? 0) : 0,
      state: stateOf(state ?? wire.ArtefactState.ARTEFACT_STATE_UNSPECIFIED),
    })),
    unlisted: Number.isSafeInteger(unlisted) ? unlisted : 0,
  };
}

function stateOf(state: wire.ArtefactState): (typeof artefactStates)[number] {
  switch (state) {
    case wire.ArtefactState.ARTEFACT_COLLECTED:
      return "collected";
    case wire.ArtefactState.ARTEFACT_BEYOND_CAP:
      return "beyond-cap";
    case wire.ArtefactState.ARTEFACT_NO_FILE:
      return "no-file";
    case wire.ArtefactState.ARTEFACT_NOT_THERE:
      return "not-there";
    case wire.ArtefactState.ARTEFACT_NO_ROOM:
      return "no-room";
    case wire.ArtefactState.ARTEFACT_STOPPED:
      return "stopped";
    default:
      return "unreadable";
  }
}
