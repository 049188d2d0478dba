// What an account may have, one privilege on one thing at a time, as text that can be compared: what is wanted, what is there, what differs. Pure.
import type { Place, Privilege } from "./input.ts";

/** kind `database`: CONNECT of PostgreSQL, or all tables of a MySQL database; `schema`: USAGE. */
export type Held =
  | { kind: "database"; database: string; privilege: string }
  | { kind: "schema"; database: string; schema: string; privilege: string }
  | { kind: "table"; database: string; schema: string | null; table: string; privilege: string }
  /** routine: its name and the types of what it takes, as the server writes it. */
  | { kind: "routine"; database: string; routine: string; privilege: string }
  /** Something that no request gives: taken away by this statement. `shown` is for the record. */
  | { kind: "foreign"; database: string | null; shown: string; revoke: string };

/** Stable, and the same for the same thing. */
export const keyOf = (held: Held): string =>
  JSON.stringify(
    held.kind === "foreign"
      ? ["foreign", held.database, held.shown]
      : [held.kind, held.database, "schema" in held ? held.schema : null, thingOf(held), held.privilege],
  );

const thingOf = (held: Exclude<Held, { kind: "foreign" }>): string | null =>
  held.kind === "table" ? held.table : held.kind === "routine" ? held.routine : null;

/** For people: `select on shop.orders`. */
export function shownOf(key: string): string {
  const parts: unknown = JSON.parse(key);
  if (!Array.isArray(parts)) return key;
  const [kind, database, schema, table, privilege] = parts.map((part) => (typeof part === "string" ? part : ""));
  if (kind === "foreign") return schema ?? "";
  return `${privilege} on ${[database, schema, table].filter((part) => part !== "").join(".")}`;
}

export type Difference = { give: Held[]; take: Held[] };

export function differenceOf(wanted: readonly Held[], actual: readonly Held[]): Difference {
  const [want, have] = [new Set(wanted.map(keyOf)), new Set(actual.map(keyOf))];
  return {
    give: wanted.filter((one) => !have.has(keyOf(one))),
    take: actual.filter((one) => !want.has(keyOf(one))),
  };
}

/** Several requests together: each privilege at each place once. */
export function unionOf(all: readonly (readonly Place[])[]): Place[] {
  const byPlace = new Map<string, Place>();
  for (const place of all.flat()) {
    const key = JSON.stringify([place.database, place.schema, place.table]);
    const privileges = [...new Set<Privilege>([...(byPlace.get(key)?.privileges ?? []), ...place.privileges])];
    byPlace.set(key, { ...place, privileges });
  }
  return [...byPlace.values()];
}
