// Every kind of ticket by its name.
import type { Askable, Asked, TicketKind } from "../input.ts";
import { databaseKind } from "./database.ts";
import type { AskableKindOf, KindOf } from "./kind.ts";
import { commandKind, connectionKind, signInKind } from "./raised.ts";
import { scriptKind } from "./script.ts";
import { serverKind } from "./server.ts";

// A kind is only ever asked about requests of its own: kindOf() looks at the request.
const askable: Record<Askable["kind"], AskableKindOf<Askable>> = {
  server: serverKind,
  database: databaseKind,
  script: scriptKind,
};
const kinds: Record<TicketKind, KindOf<Asked>> = {
  ...askable,
  connection: connectionKind,
  command: commandKind,
  "sign-in": signInKind,
};

export const kindOf = ({ kind }: Pick<Asked, "kind">): KindOf<Asked> => kinds[kind];
export const askableKindOf = ({ kind }: Pick<Askable, "kind">): AskableKindOf<Askable> => askable[kind];
export const isAskable = (asked: Asked): asked is Askable => asked.kind in askable;
export const assetIdsOf = (asked: Asked): string[] => kindOf(asked).assetIds(asked);
