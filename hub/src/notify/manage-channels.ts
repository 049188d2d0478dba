// What administrators do with channels: add, change, remove, test. Each sends what the organisation does to somewhere outside, so the person behind the
// browser is asked again.
import { newId } from "@sallyport/protocol/ids";
import { and, asc, eq } from "drizzle-orm";
import { changesOf } from "../audit/changes-of.ts";
import { recordAudit } from "../audit/record-audit.ts";
import { type Actor, actOn, assertMay } from "../identity/actor.ts";
import { freshMfa } from "../identity/fresh-mfa.ts";
import { type Queryable, rowOf, type Transaction, withFreeName } from "../platform/database.ts";
import { HubError } from "../platform/errors.ts";
import { openTarget, sealTarget } from "./channel-secret.ts";
import { channelRules } from "./channels/rules.ts";
import type { NotifyDeps } from "./deps.ts";
import type { ChangeChannel, CreateChannel } from "./input.ts";
import { type ChannelRow, noticeChannels } from "./schema.ts";
import { send } from "./send.ts";
import { testMessage } from "./words.ts";

/** Each is told of everything that it has chosen; more than this is a mistake in a script. */
const channelsMax = 50;

export const listChannels = (db: Queryable, orgId: string): Promise<ChannelRow[]> =>
  db.select().from(noticeChannels).where(eq(noticeChannels.orgId, orgId)).orderBy(asc(noticeChannels.name));

/** @throws HubError `confirm-first`, `name-taken`, `too-many`, `bad-input` for a secret that the kind does not have. */
export async function createChannel({ db, clock, vault }: NotifyDeps, actor: Actor, input: CreateChannel): Promise<string> {
  assertMayManage(actor, clock.now());
  const { url, secret, ...fields } = input;
  assertSecret(input.kind, secret);
  const now = clock.now();
  const row = {
    id: newId("nch", now.getTime()),
    orgId: actor.orgId,
    ...fields,
    secretVersion: 1,
    createdAt: now,
    updatedAt: now,
  };
  const target = sealTarget(vault, row, { url, secret });
  await withFreeName("a channel", input.name, () =>
    db.transaction(async (tx) => {
      if ((await listChannels(tx, actor.orgId)).length >= channelsMax)
        throw new HubError("too-many", `There are ${channelsMax} channels already. Remove one first.`);
      await tx.insert(noticeChannels).values({ ...row, ...target });
      await recordAudit(tx, {
        kind: "notice-channel.created",
        ...actOn(actor, "notice-channel", row),
        data: { channel: JSON.stringify({ ...fields, host: target.host }) },
      });
    }),
  );
  return row.id;
}

/** @throws HubError as createChannel; `not-found`. */
export async function changeChannel({ db, clock, vault }: NotifyDeps, actor: Actor, input: ChangeChannel): Promise<void> {
  assertMayManage(actor, clock.now());
  const { id, url, secret, ...fields } = input;
  await withFreeName("a channel", input.name, () =>
    db.transaction(async (tx) => {
      const row = await lockChannel(tx, actor.orgId, id);
      const known = openTarget(vault, row);
      const target = { url: url ?? known.url, secret: secret === undefined ? known.secret : secret };
      assertSecret(row.kind, target.secret);
      if (!target.url.startsWith("https:") && !fields.allowsInside)
        throw new HubError("bad-input", "The address is one inside: it needs https, or addresses inside allowed.", {
          facts: { fields: "allowsInside" },
        });
      const newTarget = url !== undefined || secret !== undefined;
      const next = newTarget ? { ...row, secretVersion: row.secretVersion + 1 } : row;
      const sealed = newTarget ? { secretVersion: next.secretVersion, ...sealTarget(vault, next, target) } : {};
      await tx
        .update(noticeChannels)
        .set({ ...fields, ...sealed, switchedOff: null, updatedAt: clock.now() })
        .where(eq(noticeChannels.id, id));
      const changes = changesOf(row, { ...fields, host: new URL(target.url).host });
      await recordAudit(tx, {
        kind: "notice-channel.changed",
        ...actOn(actor, "notice-channel", row),
        data: { ...changes, address: url !== undefined, secret: secret !== undefined },
      });
    }),
  );
}

/** What still waits for it goes with it. @throws HubError `confirm-first`, `not-found`. */
export async function removeChannel({ db, clock }: NotifyDeps, actor: Actor, id: string): Promise<void> {
  assertMayManage(actor, clock.now());
  await db.transaction(async (tx) => {
    const row = await lockChannel(tx, actor.orgId, id);
    await tx.delete(noticeChannels).where(eq(noticeChannels.id, id));
    await recordAudit(tx, { kind: "notice-channel.deleted", ...actOn(actor, "notice-channel", row), data: {} });
  });
}

/** Sends a message now, past every queue. What the other side said. @throws HubError `not-found`. */
export async function testChannel(deps: NotifyDeps, actor: Actor, id: string): Promise<{ sent: boolean; text: string }> {
  assertMay(actor, "settings.manage");
  const row = await rowOf(
    deps.db
      .select()
      .from(noticeChannels)
      .where(and(eq(noticeChannels.orgId, actor.orgId), eq(noticeChannels.id, id))),
    "channel",
  );
  const now = deps.clock.now();
  const message = testMessage(actor.name, row.language, deps.consoleUrl);
  const { sent, text } = await send(deps, row, message, { id: newId("msg", now.getTime()), now, kind: "test", data: {} });
  await deps.db.transaction((tx) =>
    recordAudit(tx, {
      kind: "notice-channel.tested",
      ...actOn(actor, "notice-channel", row),
      data: { works: sent, answer: text },
    }),
  );
  return { sent, text };
}

function assertMayManage(actor: Actor, now: Date): void {
  assertMay(actor, "settings.manage");
  freshMfa(actor, now);
}

function assertSecret(kind: ChannelRow["kind"], secret: string | null): void {
  const { secret: rule } = channelRules[kind];
  if (rule === "possible" || (rule === "needed") === (secret !== null)) return;
  throw new HubError("bad-input", rule === "none" ? `${kind} has no secret.` : `${kind} needs a secret.`, {
    facts: { fields: "secret" },
  });
}

const lockChannel = (tx: Transaction, orgId: string, id: string): Promise<ChannelRow> =>
  rowOf(
    tx
      .select()
      .from(noticeChannels)
      .where(and(eq(noticeChannels.orgId, orgId), eq(noticeChannels.id, id)))
      .for("update"),
    "channel",
  );
