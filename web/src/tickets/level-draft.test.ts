import { level as levelInput } from "@sallyport/hub/tickets/input";
import { expect, test } from "vitest";
import { emptyLevel, levelDraft, levelOf } from "./level-draft.ts";

const written = levelInput.parse({
  approvers: [{ kind: "group", id: "grp_1" }, { kind: "manager" }, { kind: "asset-owner" }],
  need: { kind: "count", value: 2 },
  minutes: 90,
  escalateTo: [{ kind: "user", id: "usr_1" }],
});

test("what the hub has comes back as it was, with names to read", () => {
  const draft = levelDraft(written, { grp_1: "Database team" });
  expect(draft.approvers).toEqual([{ kind: "group", id: "grp_1", name: "Database team" }]);
  expect(levelOf(draft)).toEqual(written);
});

test("full hours are shown as hours, others as minutes", () => {
  expect(levelDraft({ ...written, minutes: 120 }, {})).toMatchObject({ wait: 2, unit: "hours" });
  expect(levelDraft({ ...written, minutes: 15 }, {})).toMatchObject({ wait: 15, unit: "minutes" });
});

test("a level that waits for ever escalates to nobody, whoever stood in the field before", () => {
  const draft = { ...levelDraft(written, {}), wait: "" as const };
  expect(levelOf(draft)).toMatchObject({ minutes: null, escalateTo: [] });
});

test("a new one is refused until somebody decides", () => {
  expect(levelInput.safeParse(levelOf(emptyLevel("hours"))).success).toBe(false);
  expect(levelInput.safeParse(levelOf({ ...emptyLevel("hours"), manager: true })).success).toBe(true);
});
