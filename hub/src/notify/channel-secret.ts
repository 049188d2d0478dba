// A channel's address and signing secret, in and out of the vault: whoever knows a robot's address may speak through it. Never shown to anybody.
import { and, eq, lt } from "drizzle-orm";
import type { Database } from "../platform/database.ts";
import { rewrappedAtOnce, type SealedRows, sealedRows } from "../platform/sealed-rows.ts";
import { keyNumberOf, type SealedPlace, type Vault } from "../platform/vault.ts";
import type { ChannelTarget } from "./channels/channel.ts";
import { type ChannelRow, noticeChannels } from "./schema.ts";

type Place = Pick<ChannelRow, "id" | "orgId" | "secretVersion">;

const placeOf = ({ orgId, id, secretVersion }: Place): SealedPlace => ({
  orgId,
  table: "notice_channels",
  row: id,
  field: "secret",
  version: secretVersion,
});

/** The columns of a row with this target. */
export function sealTarget(vault: Vault, row: Place, { url, secret }: ChannelTarget) {
  // A secret has no line's end in it: input.ts trims, and the first line is the address.
  const sealed = vault.seal(Buffer.from(secret === null ? url : `${url}\n${secret}`), placeOf(row));
  return {
    secret: sealed,
    vaultKey: keyNumberOf(sealed),
    host: new URL(url).host,
    hasSigningSecret: secret !== null,
  };
}

export function openTarget(vault: Vault, row: Place & Pick<ChannelRow, "secret">): ChannelTarget {
  const [url = "", ...rest] = vault.open(row.secret, placeOf(row)).toString().split("\n");
  return { url, secret: rest.length === 0 ? null : rest.join("\n") };
}

export const sealedChannels = (db: Database, vault: Vault): SealedRows =>
  sealedRows(db, noticeChannels, noticeChannels.vaultKey, async () => {
    const rows = await db.select().from(noticeChannels).where(lt(noticeChannels.vaultKey, vault.current)).limit(rewrappedAtOnce);
    for (const row of rows) {
      const secret = vault.rewrap(row.secret, placeOf(row));
      await db
        .update(noticeChannels)
        .set({ secret, vaultKey: keyNumberOf(secret) })
        .where(and(eq(noticeChannels.id, row.id), eq(noticeChannels.secretVersion, row.secretVersion)));
    }
    return rows.length;
  });

/** Shorter pieces of an address are words such as "send" and "hook", not secrets. */
const secretLengthMin = 12;

/** A text of the other side without what it may have repeated of the secrets. */
export function withoutSecrets(text: string, { url, secret }: ChannelTarget): string {
  const { pathname, search, searchParams } = new URL(url);
  const parts = [secret ?? "", search.slice(1), ...searchParams.values(), pathname.slice(1), ...pathname.split("/")];
  const secrets = parts.filter((part) => part.length >= secretLengthMin).sort((a, b) => b.length - a.length);
  return secrets.reduce((clear, part) => clear.replaceAll(part, "•••"), text);
}
