// A terminal says how it echoes while somebody asks: with real shells and programs, since what they set is the whole question.
import { decodeDown, type wire } from "@sallyport/protocol/wire";
import { expect, test } from "vitest";
import { linkedAgent } from "../testing/agents.ts";
import { TestHub } from "../testing/hub.ts";
import type { HubStream } from "../testing/hub-stream.ts";
import { modeIn } from "./terminal-mode.ts";

type Mode = { echo: boolean; canonical: boolean };
/** Readline draws what is typed by itself, so the terminal's own echo is off there as well. */
const readline: Mode = { echo: false, canonical: false };
const plain: Mode = { echo: true, canonical: true };
const secret: Mode = { echo: false, canonical: true };

const modeOf = ({ echo, canonical }: wire.EchoChanged.$Properties): Mode => ({
  echo: echo === true,
  canonical: canonical === true,
});
const isMode = (mode: Mode) => (said: wire.EchoChanged.$Properties) =>
  modeOf(said).echo === mode.echo && modeOf(said).canonical === mode.canonical;

/** A while without echo, which somebody who looks would see. */
const silently = "stty -echo; sleep 0.4; stty echo; echo o''ver\n";

/** bash without anybody's own settings, at its prompt and watched. */
async function watchedBash(hub: TestHub): Promise<HubStream> {
  const terminal = await hub.openShell();
  terminal.type("PS1='re''ady> ' exec bash --norc --noprofile -i\n");
  await terminal.until(() => terminal.text().includes("ready> "));
  hub.say({ watchEcho: { stream: terminal.stream, on: true } });
  await hub.hear("echoChanged", isMode(readline));
  return terminal;
}

/** Types a line and resolves when the terminal's mode was said to be this one since. */
async function after(hub: TestHub, terminal: HubStream, line: string, mode: Mode): Promise<void> {
  const from = hub.heard.length;
  terminal.type(line);
  await hub.hear("echoChanged", isMode(mode), from);
}

test("a prompt, a password and a program that reads lines are told apart", async () => {
  await using hub = await TestHub.start();
  await using _agent = await linkedAgent(hub);
  const terminal = await watchedBash(hub);
  await after(hub, terminal, "cat\n", plain);
  await after(hub, terminal, "\x04", readline);
  await after(hub, terminal, "read -s\n", secret);
  await after(hub, terminal, "hunter2\n", readline);
  // As sudo, ssh and getpass(3) do: the words first, the echo off a moment later, and on again when it has been typed.
  await after(hub, terminal, "printf Password:; stty -echo; head -n 1 >/dev/null; stty echo; cat\n", secret);
  await after(hub, terminal, "hunter2\n", plain);
  await after(hub, terminal, "\x04", readline);
  await after(hub, terminal, "stty -echo; cat\n", secret);
  const said = await hub.hear("echoChanged");
  expect(said.stream).toBe(terminal.stream);
  expect(said.outputOffset).toBeLessThanOrEqual(terminal.count());
  expect(terminal.text()).not.toContain("hunter2");
});

test("a program that turns the echo off long after its last word is seen at the next key", async () => {
  await using hub = await TestHub.start();
  await using _agent = await linkedAgent(hub);
  const terminal = await watchedBash(hub);
  await after(hub, terminal, "(trap '' TTOU; sleep 1; stty -echo) & cat\n", plain);
  await new Promise((resolve) => setTimeout(resolve, 1_300)); // nothing goes in or out, so nobody looks
  const from = hub.heard.length;
  expect(hub.heard.slice(0, from).filter(({ body }) => body === "echoChanged")).toHaveLength(2);
  await after(hub, terminal, "h", secret);
});

test("is looked at only while asked, and a repeated question is answered again", async () => {
  await using hub = await TestHub.start();
  await using _agent = await linkedAgent(hub);
  const terminal = await watchedBash(hub);
  hub.say({ watchEcho: { stream: terminal.stream, on: false } });
  const before = hub.count("echoChanged");
  terminal.type(silently);
  await terminal.until(() => terminal.text().includes("over"));
  expect(hub.count("echoChanged")).toBe(before);
  for (let times = 0; times < 2; times++) {
    const from = hub.heard.length;
    hub.say({ watchEcho: { stream: terminal.stream, on: true } });
    expect(modeOf(await hub.hear("echoChanged", () => true, from))).toEqual(readline);
  }
});

test("a new link begins unwatched, and an ended terminal is not opened again", async () => {
  await using hub = await TestHub.start();
  await using agent = await linkedAgent(hub);
  const terminal = await watchedBash(hub);
  const from = hub.heard.length;
  hub.cut();
  await hub.hear("heartbeat", () => true, from);
  const told = hub.count("echoChanged");
  terminal.type(silently);
  await terminal.until(() => terminal.text().includes("over"));
  expect(hub.count("echoChanged")).toBe(told);
  const again = hub.heard.length;
  hub.say({ watchEcho: { stream: terminal.stream, on: true } });
  await hub.hear("echoChanged", () => true, again);
  terminal.type("exit\n");
  await terminal.until(() => terminal.closing !== null);
  const ended = hub.count("echoChanged");
  for (const stream of [terminal.stream, 4_711]) hub.say({ watchEcho: { stream, on: true } });
  await new Promise((resolve) => setTimeout(resolve, 300)); // longer than a look and the one that follows it
  expect(hub.count("echoChanged")).toBe(ended);
  expect(agent.log.filter((line) => line.includes("watchEcho"))).toEqual([]);
});

test("a busy terminal is looked at a few times a second, not once per key", async () => {
  await using hub = await TestHub.start();
  await using _agent = await linkedAgent(hub);
  const terminal = await watchedBash(hub);
  // Each round flips the mode, so that each look has something to say.
  terminal.type("for n in $(seq 1 400); do stty -echo; printf .; stty echo; printf .; done; echo o''ver\n");
  const [from, startedMs] = [hub.count("echoChanged"), performance.now()];
  await terminal.until(() => terminal.text().includes("over"));
  const seconds = (performance.now() - startedMs) / 1_000;
  expect((hub.count("echoChanged") - from) / seconds).toBeLessThan(8);
});

test("a message from a later hub is passed over and the link stands", async () => {
  await using hub = await TestHub.start();
  await using _agent = await linkedAgent(hub);
  const unknown = Buffer.from("a2060408011201", "hex"); // field 100, length-delimited
  expect(decodeDown(unknown)).toBeNull();
  const terminal = await hub.openShell();
  hub.sayBytes(unknown);
  terminal.type("echo still-$((20+3))\n");
  await terminal.until(() => terminal.text().includes("still-23"));
  expect(hub.count("hello")).toBe(1);
});

test("the words of stty are read by name, and anything else is no answer", () => {
  expect(modeIn("speed 38400 baud; rows 24;\n-icanon iexten -echo echoe echok -echonl\n")).toEqual(readline);
  expect(modeIn("isig icanon iexten echo echoe")).toEqual(plain);
  expect(modeIn("isig icanon echoe -echonl")).toBeNull();
  expect(modeIn("")).toBeNull();
});
