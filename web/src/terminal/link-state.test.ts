import { expect, test } from "vitest";
import { type LinkEvent, type LinkState, newLink, nextLinkState } from "./link-state.ts";

const after = (start: LinkState, ...events: LinkEvent[]) => events.reduce(nextLinkState, start);
const opened = (atMs: number): LinkEvent => ({
  type: "opened",
  sessionId: "ses_1",
  assetName: "web-01",
  account: "root",
  owner: true,
  answers: false,
  atMs,
});

test("a lost socket after opening waits, rejoins, and says how long it was away", () => {
  const lost = after(newLink(null), { type: "dialled" }, { type: "asked" }, opened(0), { type: "lost", atMs: 1000 });
  expect(lost).toMatchObject({ phase: "waiting", sessionId: "ses_1" });
  expect(after(lost, { type: "dialled" }, { type: "lost", atMs: 1500 })).toMatchObject({
    phase: "waiting",
    attempt: 1,
    lostAtMs: 1000,
  });
  expect(after(lost, { type: "dialled" }, opened(4200))).toMatchObject({ phase: "live", resumedAfterMs: 3200, attempt: 0 });
});

test("an open that was sent but not answered is never sent twice", () => {
  const state = after(newLink(null), { type: "dialled" }, { type: "asked" }, { type: "lost", atMs: 5 });
  expect(state).toMatchObject({ phase: "ended", ending: { code: "open-unanswered" } });
});

test("an open that was never sent is tried again", () => {
  expect(after(newLink(null), { type: "dialled" }, { type: "lost", atMs: 5 }).phase).toBe("waiting");
});

test("an ended terminal stays ended whatever still arrives", () => {
  const ended = after(newLink("ses_1"), opened(0), {
    type: "finished",
    ending: { kind: "ended", reason: "exit", exitCode: 0, signal: null },
  });
  expect(after(ended, { type: "lost", atMs: 9 }, { type: "dialled" }, opened(10))).toBe(ended);
});

test("an agent going offline does not end the terminal", () => {
  const state = after(newLink(null), opened(0), { type: "agent", online: false, roundTripUs: null, atMs: 0 });
  expect(state).toMatchObject({ phase: "live", agentOnline: false });
});
