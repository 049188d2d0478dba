// A level of deciders as a form holds it, and as the hub takes it. Pure: requests and rules write theirs with the same fields.
import type { Approver, Level } from "@sallyport/hub/tickets/input";
import type { Subject } from "../grants/ends-picker.tsx";

export const waitUnits = ["minutes", "hours"] as const;
export type WaitUnit = (typeof waitUnits)[number];

export interface LevelDraft {
  approvers: Subject[];
  manager: boolean;
  owner: boolean;
  need: "any" | "all" | "count";
  count: number;
  /** In `unit`; empty: it waits. */
  wait: number | "";
  unit: WaitUnit;
  escalateTo: Subject[];
}

/** Of whom and what something names, by id. */
export type Names = Record<string, string>;

export const emptyLevel = (unit: WaitUnit): LevelDraft => ({
  approvers: [],
  manager: false,
  owner: false,
  need: "any",
  count: 2,
  wait: "",
  unit,
  escalateTo: [],
});

const subjectOf = (one: Approver, names: Names): Subject[] =>
  "id" in one ? [{ kind: one.kind, id: one.id, name: names[one.id] ?? one.id }] : [];

export function levelDraft({ approvers, need, minutes, escalateTo }: Level, names: Names): LevelDraft {
  const inHours = minutes !== null && minutes % 60 === 0;
  return {
    approvers: approvers.flatMap((one) => subjectOf(one, names)),
    manager: approvers.some(({ kind }) => kind === "manager"),
    owner: approvers.some(({ kind }) => kind === "asset-owner"),
    need: need.kind,
    count: need.kind === "count" ? need.value : 2,
    wait: minutes === null ? "" : inHours ? minutes / 60 : minutes,
    unit: minutes === null || inHours ? "hours" : "minutes",
    escalateTo: escalateTo.flatMap((one) => subjectOf(one, names)),
  };
}

export const levelOf = ({ approvers, manager, owner, need, count, wait, unit, escalateTo }: LevelDraft): Level => ({
  approvers: [
    ...approvers.map(({ kind, id }) => ({ kind, id })),
    ...(manager ? [{ kind: "manager" as const }] : []),
    ...(owner ? [{ kind: "asset-owner" as const }] : []),
  ],
  need: need === "count" ? { kind: need, value: count } : { kind: need },
  minutes: wait === "" ? null : Math.round(unit === "hours" ? wait * 60 : wait),
  escalateTo: wait === "" ? [] : escalateTo.map(({ kind, id }) => ({ kind, id })),
});
