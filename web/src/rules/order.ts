// The order in which rules of one kind are asked. Pure.
import type { Rule } from "../api/types.ts";

/** Which rule it comes before when it is put at this place, from 0, as `rules.move` takes it; null: it is asked last. */
export const beforeAt = (ids: readonly string[], id: string, place: number): string | null =>
  ids.filter((one) => one !== id)[place] ?? null;

type Reach = Pick<
  Rule,
  "id" | "name" | "kind" | "active" | "subjects" | "targets" | "accounts" | "protocols" | "addresses" | "hours"
>;

/** Whatever anybody does, whenever and from wherever. A command rule looks for its lines alone. */
const coversAll = ({ kind, active, subjects, targets, accounts, protocols, addresses, hours }: Reach): boolean =>
  active &&
  kind !== "command" &&
  subjects.length === 0 &&
  (kind === "sign-in" ||
    (targets.some((target) => target.kind === "all") && accounts.includes("@all") && protocols.includes("@all"))) &&
  addresses.length === 0 &&
  hours === null;

/** The first rule of the list that leaves nothing for those behind it, with those; null when there is none. */
export function neverAsked<R extends Reach>(rules: readonly R[]): { because: R; ids: ReadonlySet<string> } | null {
  const at = rules.findIndex(coversAll);
  const because = rules[at];
  return because === undefined ? null : { because, ids: new Set(rules.slice(at + 1).map(({ id }) => id)) };
}
