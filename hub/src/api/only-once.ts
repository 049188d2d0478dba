// The header Idempotency-Key (draft-ietf-httpapi-idempotency-key-header): a call that is sent again because its answer was lost is not done again.
//
//   no row ── first ──► being done ── answered ──► the answer, again and again, for a day
//     ▲                     ├── refused: the row goes, nothing was done
//     └─────────────────────┘ the hub died: it stays, since nobody knows; whoever asks looks at what there is
import { createHash } from "node:crypto";
import { and, eq, lt } from "drizzle-orm";
import type { Actor } from "../identity/actor.ts";
import type { Database } from "../platform/database.ts";
import { HubError } from "../platform/errors.ts";
import { onceCalls } from "./schema.ts";

/** Who sends again does so within minutes; a day is for a queue that stood over night. */
const keptMs = 24 * 3_600_000;

export type RestAnswer = { status: number; body: unknown };
export type Call = { method: string; path: string; body: unknown };

/**
 * @param key as it came in the header.
 * @throws HubError `once-mismatch` for a key that came with another call, `once-running` while the first is being done, and what `act` throws.
 */
export async function onlyOnce(
  { db, now }: { db: Database; now: Date },
  actor: Actor,
  key: string,
  call: Call,
  act: () => Promise<RestAnswer>,
): Promise<RestAnswer> {
  if (!/^[\x21-\x7e]{1,255}$/.test(key))
    throw new HubError("bad-input", "Idempotency-Key must be 1 to 255 visible ASCII characters.", {
      facts: { fields: "Idempotency-Key" },
    });
  const request = createHash("sha256")
    .update(JSON.stringify([call.method, call.path, call.body ?? null]))
    .digest("hex");
  const callerId = "keyId" in actor.via ? actor.via.keyId : actor.id;
  const its = and(eq(onceCalls.orgId, actor.orgId), eq(onceCalls.callerId, callerId), eq(onceCalls.key, key));
  // One that is too old to be answered from is a new one.
  await db.delete(onceCalls).where(and(its, lt(onceCalls.at, new Date(now.getTime() - keptMs))));
  const added = await db
    .insert(onceCalls)
    .values({ orgId: actor.orgId, callerId, key, request, at: now })
    .onConflictDoNothing()
    .returning({ key: onceCalls.key });
  if (added.length === 0) return answered(db, its, request);
  try {
    const answer = await act();
    await db.update(onceCalls).set({ status: answer.status, answer: answer.body }).where(its);
    return answer;
  } catch (error) {
    await db.delete(onceCalls).where(its);
    throw error;
  }
}

async function answered(db: Database, its: ReturnType<typeof and>, request: string): Promise<RestAnswer> {
  const [row] = await db.select().from(onceCalls).where(its);
  if (row !== undefined && row.request !== request)
    throw new HubError(
      "once-mismatch",
      "This Idempotency-Key came with another request before. Take a new one for a new request.",
    );
  if (row === undefined || row.status === null)
    throw new HubError("once-running", "The first request with this Idempotency-Key has no answer yet. Ask again in a moment.");
  return { status: row.status, body: row.answer };
}

/** Hourly. */
export async function forgetOnceCalls(db: Database, now: Date): Promise<void> {
  await db.delete(onceCalls).where(lt(onceCalls.at, new Date(now.getTime() - keptMs)));
}
