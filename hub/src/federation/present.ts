// Providers as administrators and as the sign-in page see them. No secret leaves here.
import type { MappingRow, ProviderRow } from "./schema.ts";

export const presentProvider = (row: ProviderRow, mappings: readonly MappingRow[], people: number, callbackUrl: string) => ({
  id: row.id,
  name: row.name,
  active: row.active,
  settings: row.settings,
  hasSecret: row.secret !== null,
  createsPeople: row.createsPeople,
  emailDomains: row.emailDomains,
  mappings: mappings.map(({ value, groupId, role }) => ({ value, groupId, role })),
  people,
  callbackUrl,
  createdAt: row.createdAt.toISOString(),
});

export const presentOffer = (row: ProviderRow) => ({ id: row.id, name: row.name, kind: row.settings.kind });
