import { expect, test } from "vitest";
import type { Rule } from "../api/types.ts";
import { beforeAt, neverAsked } from "./order.ts";

test("a rule is put before the one that will be behind it, or last", () => {
  expect(beforeAt(["a", "b", "c"], "b", 0)).toBe("a");
  expect(beforeAt(["a", "b", "c"], "a", 1)).toBe("c");
  expect(beforeAt(["a", "b", "c"], "a", 2)).toBeNull();
  expect(beforeAt(["a", "b", "c"], "c", 1)).toBe("b");
});

const rule = (id: string, part: Partial<Rule> = {}): Rule => ({
  id,
  name: id,
  kind: "connection",
  active: true,
  subjects: [],
  targets: [{ kind: "all", id: "" }],
  accounts: ["@all"],
  protocols: ["@all"],
  addresses: [],
  hours: null,
  patterns: [],
  outcome: "refuse",
  level: null,
  minutes: 60,
  says: "",
  updatedAt: "2026-01-01T00:00:00.000Z",
  ...part,
});

test("behind a rule that covers everybody everywhere nothing is asked", () => {
  const found = neverAsked([rule("a", { subjects: [{ kind: "user", id: "usr_1" }] }), rule("b"), rule("c")]);
  expect(found?.because.id).toBe("b");
  expect([...(found?.ids ?? [])]).toEqual(["c"]);
});

test("any condition leaves something for the rules behind it, and so does a rule that is switched off", () => {
  const conditions: Partial<Rule>[] = [
    { active: false },
    { targets: [{ kind: "label", id: "env:prod" }] },
    { accounts: ["root"] },
    { protocols: ["ssh"] },
    { addresses: ["10.0.0.0/8"] },
    { hours: { timeZone: "UTC", spans: [{ days: [1], from: 0, to: 60 }] } },
    { kind: "command", patterns: [{ kind: "regex", text: "." }] },
  ];
  for (const part of conditions)
    expect(neverAsked([rule("a", part), rule("b", { active: false })]), JSON.stringify(part)).toBeNull();
  expect(neverAsked([rule("a", { kind: "sign-in", targets: [] }), rule("b")])?.ids.has("b")).toBe(true);
});
