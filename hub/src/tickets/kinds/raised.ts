// What rules raise: a connection, a line, a sign-in that waits. An approval gives nothing but itself: while it holds, the rule lets through what it names.
import { isDeepStrictEqual } from "node:util";
import type { CommandReview, ConnectionReview, Raised, SignInReview } from "../input.ts";
import type { KindOf } from "./kind.ts";

/** Whoever approves it may make it last shorter, and nothing else. */
const goesBeyond = ({ minutes: _given, ...given }: Raised, { minutes: _asked, ...asked }: Raised): string | null =>
  isDeepStrictEqual(given, asked) ? null : "asked";

const give = async () => null;

export const connectionKind: KindOf<ConnectionReview> = { assetIds: ({ assetId }) => [assetId], goesBeyond, give };
export const commandKind: KindOf<CommandReview> = { assetIds: ({ assetId }) => [assetId], goesBeyond, give };
export const signInKind: KindOf<SignInReview> = { assetIds: () => [], goesBeyond, give };
