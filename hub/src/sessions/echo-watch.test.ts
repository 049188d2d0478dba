// How a terminal echoes: asked for while the owner's window needs it, told to that window, kept across links, and never recorded.
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../testing/eventually.ts";
import type { TestAgent } from "../testing/test-agent.ts";
import type { TestClient, TestTerminal } from "../testing/test-client.ts";
import { TestHub } from "../testing/test-hub.ts";
import { EchoWatch } from "./echo-watch.ts";

let hub: TestHub;
let admin: TestClient;
let agent: TestAgent;
let assetId: string;
beforeAll(async () => {
  hub = await TestHub.start();
  admin = await hub.asAdmin();
  agent = await hub.enrolAgent();
  ({ assetId } = await admin.query<{ assetId: string }>("fleet.agent", { id: agent.id }));
});
afterAll(() => hub[Symbol.asyncDispose]());

const streamOf = ({ sessionId }: TestTerminal) => {
  const found = [...agent.shells].find(([, shell]) => shell.sessionId === sessionId);
  if (found === undefined) throw new Error("the agent has no such shell");
  return found[0];
};
const asksOf = (stream: number) => agent.echoAsks.filter((ask) => ask.stream === stream).map(({ on }) => on);
const asked = (stream: number, ...expected: boolean[]) =>
  eventually(
    () => asksOf(stream),
    (asks) => asks.length >= expected.length,
  ).then((asks) => expect(asks).toEqual(expected));
const echoes = (terminal: TestTerminal) => terminal.messages.filter(({ type }) => type === "echo");

test("the owner's window asks, the agent answers, and a window that comes later hears what is known", async () => {
  const terminal = await admin.openTerminal(assetId);
  const stream = streamOf(terminal);
  terminal.control({ type: "watch-echo", on: true });
  await asked(stream, true);
  agent.say({ echoChanged: { stream, echo: false, canonical: true, outputOffset: 7 } });
  await terminal.until(() => echoes(terminal).length === 1);
  expect(echoes(terminal)).toEqual([{ type: "echo", echo: false, canonical: true, offset: 7 }]);

  const second = await admin.attach(terminal.sessionId, 0);
  second.control({ type: "watch-echo", on: true });
  await second.until(() => echoes(second).length === 1);
  expect(echoes(second)).toEqual(echoes(terminal));
  terminal.close();
  second.control({ type: "watch-echo", on: false });
  await asked(stream, true, false);
  second.close();
});

test("a colleague who watches is told nothing and makes nobody look", async () => {
  const terminal = await admin.openTerminal(assetId);
  const stream = streamOf(terminal);
  const watching = await (await hub.as("auditor")).attach(terminal.sessionId, 0);
  watching.control({ type: "watch-echo", on: true });
  watching.control({ type: "ping", t: 1 });
  await watching.until(() => watching.find("pong") !== undefined);
  expect(asksOf(stream)).toEqual([]);
  terminal.control({ type: "watch-echo", on: true });
  await asked(stream, true);
  agent.say({ echoChanged: { stream, echo: true, canonical: true, outputOffset: 0 } });
  await terminal.until(() => echoes(terminal).length === 1);
  terminal.type("x");
  await watching.until(() => watching.text === "x");
  expect(echoes(watching)).toEqual([]);
  watching.close();
  terminal.close();
});

test("what an agent says of another's terminal, or again, goes no further", async () => {
  const other = await hub.enrolAgent();
  const terminal = await admin.openTerminal(assetId);
  const stream = streamOf(terminal);
  const secret = { stream, echo: false, canonical: true, outputOffset: 0 };
  terminal.control({ type: "watch-echo", on: true });
  await asked(stream, true);
  other.say({ echoChanged: { ...secret, outputOffset: 3 } });
  for (let times = 0; times < 3; times++) agent.say({ echoChanged: { ...secret, outputOffset: 5 } });
  agent.say({ echoChanged: { stream, outputOffset: 6 } });
  await terminal.until(() => echoes(terminal).length === 2);
  expect(echoes(terminal).map(({ offset }) => offset)).toEqual([5, 6]);
  terminal.close();
  other.stop();
});

test("after a lost link the agent is asked again", async () => {
  const terminal = await admin.openTerminal(assetId);
  const stream = streamOf(terminal);
  terminal.control({ type: "watch-echo", on: true });
  await asked(stream, true);
  agent.cut();
  await agent.link();
  await asked(stream, true, true);
  terminal.close();
  await asked(stream, true, true, false);
  agent.cut();
  await agent.link();
  terminal.close();
  expect(asksOf(stream)).toHaveLength(3);
});

test("a window that changes its mind a thousand times costs the agent a handful of messages", async () => {
  const terminal = await admin.openTerminal(assetId);
  const stream = streamOf(terminal);
  for (let times = 0; times < 1_001; times++) terminal.control({ type: "watch-echo", on: times % 2 === 0 });
  terminal.control({ type: "ping", t: 1 });
  await terminal.until(() => terminal.find("pong") !== undefined);
  expect(asksOf(stream).length).toBeLessThan(20);
  await eventually(
    () => asksOf(stream).at(-1),
    (on) => on === true,
  );
  terminal.close();
});

test("nothing of it is in the recording", async () => {
  const terminal = await admin.openTerminal(assetId);
  const stream = streamOf(terminal);
  terminal.control({ type: "watch-echo", on: true });
  await asked(stream, true);
  terminal.type("before ");
  await terminal.until(() => terminal.text === "before ");
  agent.say({ echoChanged: { stream, echo: false, canonical: true, outputOffset: 7 } });
  await terminal.until(() => echoes(terminal).length === 1);
  terminal.type("after");
  await terminal.until(() => terminal.text === "before after");
  await admin.mutate("sessions.end", { id: terminal.sessionId });
  await terminal.ended();
  const cast = await (await admin.rest("GET", `/api/v1/sessions/${terminal.sessionId}/recording.cast`)).text();
  const events = cast
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => JSON.parse(line));
  expect(events.map(([, kind]) => kind).filter((kind) => kind !== "o")).toEqual([]);
  expect(events.map(([, , text]) => text).join("")).toBe("before after");
});

test("nobody is told what was said unasked, and nobody is asked or told once the session is over", () => {
  const asks: boolean[] = [];
  const told: number[] = [];
  const watch = new EchoWatch((on) => asks.push(on));
  const watcher = { onEcho: ({ offset }: { offset: number }) => told.push(offset) };
  watch.heard({ echo: false, canonical: true, offset: 1 });
  watch.watch(watcher, true);
  watch.end();
  watch.watch(watcher, true);
  watch.heard({ echo: false, canonical: true, offset: 1 });
  expect([asks, told]).toEqual([[true], []]);
});
