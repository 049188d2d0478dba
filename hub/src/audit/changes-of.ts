// What a change changed, for its audit event: only the fields that differ, as JSON text in a stable order.

/** @param before the row as it was; fields that `wanted` does not name are left out. */
export function changesOf(before: object, wanted: object): { before: string; after: string } {
  const old = new Map(Object.entries(before));
  const differing = Object.entries(wanted)
    .filter(([key, value]) => JSON.stringify(old.get(key)) !== JSON.stringify(value))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    before: JSON.stringify(Object.fromEntries(differing.map(([key]) => [key, old.get(key) ?? null]))),
    after: JSON.stringify(Object.fromEntries(differing)),
  };
}
