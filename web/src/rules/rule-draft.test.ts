import { rule as ruleInput } from "@sallyport/hub/rules/input";
import { expect, test } from "vitest";
import type { Rule } from "../api/types.ts";
import { draftOf, emptyRule, type RuleDraft, readRule, withPatterns } from "./rule-draft.ts";

const kept: Rule = {
  id: "rul_1",
  updatedAt: "2026-01-01T00:00:00.000Z",
  kind: "command",
  name: "Destroying",
  active: true,
  subjects: [{ kind: "group", id: "grp_1" }],
  targets: [
    { kind: "label", id: "env:prod" },
    { kind: "all", id: "" },
  ],
  accounts: ["root"],
  protocols: ["ssh"],
  addresses: ["10.0.0.0/8"],
  hours: { timeZone: "UTC", spans: [{ days: [1], from: 0, to: 60 }] },
  patterns: [
    { kind: "words", text: "rm -rf" },
    { kind: "regex", text: "mkfs\\.\\w+" },
  ],
  outcome: "review",
  level: { approvers: [{ kind: "user", id: "usr_1" }], need: { kind: "any" }, minutes: 30, escalateTo: [] },
  minutes: 60,
  says: "Ask the storage team.",
};

const wrongIn = (draft: RuleDraft): string[] => {
  const read = readRule(draft);
  return "wrong" in read ? [...read.wrong].toSorted() : [];
};

test("a rule that is opened and saved unchanged is sent as it was", () => {
  const { id: _id, updatedAt: _at, ...input } = kept;
  expect(readRule(draftOf(kept, { grp_1: "Operators" }))).toEqual({ rule: ruleInput.parse(input) });
});

test("whom and what it names is read by name, and by its id where the name is gone", () => {
  const draft = draftOf(kept, { grp_1: "Operators" });
  expect(draft.subjects).toEqual([{ kind: "group", id: "grp_1", name: "Operators" }]);
  expect(draft.level.approvers).toEqual([{ kind: "user", id: "usr_1", name: "usr_1" }]);
});

test("an empty form names all that is missing at once", () => {
  expect(wrongIn(emptyRule("command"))).toEqual(["name", "patterns", "targets"]);
  expect(wrongIn({ ...emptyRule("connection"), outcome: "review" })).toEqual(["approvers", "name", "targets"]);
  expect(wrongIn(emptyRule("sign-in"))).toEqual(["name"]);
});

test("a time that is too short, a network and an account that are none are told beside their fields", () => {
  const draft = draftOf(kept, {});
  expect(wrongIn({ ...draft, level: { ...draft.level, wait: 2 } })).toEqual(["wait"]);
  expect(wrongIn({ ...draft, addresses: ["here"], accounts: ["a b"] })).toEqual(["accounts", "addresses"]);
});

test("deciders are sent for a review alone, though the form keeps them", () => {
  const draft: RuleDraft = { ...draftOf(kept, {}), outcome: "refuse" };
  expect(readRule(draft)).toMatchObject({ rule: { level: null } });
  expect(readRule({ ...draft, outcome: "review" })).toMatchObject({ rule: { level: { minutes: 30 } } });
});

test("a sign-in has no owner of an asset to ask", () => {
  const draft: RuleDraft = { ...emptyRule("sign-in"), name: "Nights", outcome: "review" };
  expect(wrongIn({ ...draft, level: { ...draft.level, owner: true } })).toEqual(["approvers"]);
});

test("lines become patterns once each, without empty ones", () => {
  const draft: RuleDraft = { ...draftOf(kept, {}), words: " rm -rf \n\nmkfs\nrm -rf", regexes: "" };
  expect(readRule(draft)).toMatchObject({
    rule: {
      patterns: [
        { kind: "words", text: "rm -rf" },
        { kind: "words", text: "mkfs" },
      ],
    },
  });
});

test("ready patterns come after what stands there, and none twice", () => {
  const more = [
    { kind: "words", text: "mkfs" },
    { kind: "regex", text: "a+" },
  ] as const;
  expect(withPatterns({ words: "mkfs\nhalt\n", regexes: "" }, more)).toEqual({ words: "mkfs\nhalt", regexes: "a+" });
});
