// Every kind of ticket by its name.
import type { Asked, TicketKind } from "../input.ts";
import type { KindOf } from "./kind.ts";
import { scriptKind } from "./script.ts";
import { serverKind } from "./server.ts";

// A kind is only ever asked about requests of its own: kindOf() looks at the request.
const kinds: Record<TicketKind, KindOf<Asked>> = { server: serverKind, script: scriptKind };

export const kindOf = ({ kind }: Pick<Asked, "kind">): KindOf<Asked> => kinds[kind];
export const assetIdsOf = (asked: Asked): string[] => kindOf(asked).assetIds(asked);
