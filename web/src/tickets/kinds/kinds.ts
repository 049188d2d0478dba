// Every kind of ticket by its name.
import type { AskableKind, Asked, AskedOf, TicketKind } from "../../api/types.ts";
import { databaseView } from "./database.tsx";
import type { AskableView, KindView } from "./kind.ts";
import { commandView, connectionView, signInView } from "./raised.tsx";
import { scriptView } from "./script.tsx";
import { serverView } from "./server.tsx";

export const askable: Record<AskableKind, AskableView<Asked, unknown>> = {
  server: serverView,
  database: databaseView,
  script: scriptView,
};

export const isAskable = (asked: Asked): asked is AskedOf<AskableKind> => asked.kind in askable;

export const kinds: Record<TicketKind, KindView<Asked>> = {
  ...askable,
  connection: connectionView,
  command: commandView,
  "sign-in": signInView,
};
