// Every kind of ticket by its name.
import type { Asked, TicketKind } from "../../api/types.ts";
import type { KindView } from "./kind.ts";
import { scriptView } from "./script.tsx";
import { serverView } from "./server.tsx";

export const kinds: Record<TicketKind, KindView<Asked, unknown>> = { server: serverView, script: scriptView };
