// Who may run here, and where files come along or are collected, who may also put some there or take them.
import type { Authorization } from "../access/authorize.ts";
import { authorizeAll, authorizeEvery, type RefusedTarget } from "../access/authorize-all.ts";
import type { Actor } from "../identity/actor.ts";
import type { Clock } from "../platform/clock.ts";
import type { Queryable } from "../platform/database.ts";

/** `db`: also a transaction. */
type Deps = { db: Queryable; clock: Clock };

/** What may have to be granted besides `run`. */
type Beside = "upload" | "download";

/** What has to be granted besides `run`. */
export const actionsBeside = ({
  files,
  fileParameters = {},
  artefacts = [],
}: {
  files: readonly unknown[];
  fileParameters?: Record<string, string>;
  artefacts?: readonly string[];
}): Beside[] => [
  ...(files.length + Object.keys(fileParameters).length > 0 ? (["upload"] as const) : []),
  ...(artefacts.length > 0 ? (["download"] as const) : []),
];

/** @param bound as authorizeAll() has it. @throws HubError as authorizeAll(). */
export async function authorizeTargets(
  { db, clock }: Deps,
  actor: Actor,
  assetIds: string[],
  account: string,
  beside: readonly Beside[],
  bound: string | null = null,
): Promise<{ allowed: Authorization[]; refused: RefusedTarget[] }> {
  let { allowed, refused } = await authorizeAll(db, actor, assetIds, "run", account, clock.now(), bound);
  for (const action of beside) {
    const ids = allowed.map(({ target }) => target.asset.id);
    const also = await authorizeAll(db, actor, ids, action, account, clock.now(), bound);
    const may = new Set(also.allowed.map(({ target }) => target.asset.id));
    allowed = allowed.filter(({ target }) => may.has(target.asset.id));
    refused = [...refused, ...also.refused];
  }
  return { allowed, refused };
}

/** All of them or none. @throws HubError as authorizeEvery(). */
export async function authorizeEveryTarget(
  { db, clock }: Deps,
  actor: Actor,
  assetIds: string[],
  account: string,
  beside: readonly Beside[],
): Promise<Authorization[]> {
  for (const action of beside) await authorizeEvery(db, actor, assetIds, action, account, clock.now());
  return authorizeEvery(db, actor, assetIds, "run", account, clock.now());
}
