// Terminals over a real link: what is typed, what is seen, and what happens when the link is gone.
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { outputRingBytes } from "@sallyport/protocol/limits";
import { expect, test } from "vitest";
import { linkedAgent } from "../testing/agents.ts";
import { TestHub } from "../testing/hub.ts";
import type { HubStream } from "../testing/hub-stream.ts";
import { scratch } from "../testing/scratch.ts";

/** Output as printed by the program, without what the shell said around it. */
function between(terminal: HubStream, from: string, to: string): string {
  const text = terminal.text();
  const start = text.lastIndexOf(from);
  return text.slice(start + from.length, text.indexOf(to, start));
}

/** A shell without prompt, echo or line ends changed, so that bytes can be counted. */
async function plainShell(hub: TestHub): Promise<HubStream> {
  const terminal = await hub.openShell();
  terminal.type("exec sh -c 'stty raw -echo; PS1= exec sh -i'\n");
  terminal.type("echo rea''dy\n");
  await terminal.until(() => terminal.text().includes("ready"));
  return terminal;
}

test("what is typed reaches the shell, what it prints comes back, and its exit code ends the stream", async () => {
  await using hub = await TestHub.start();
  await using _agent = await linkedAgent(hub);
  const terminal = await hub.openShell();
  terminal.type("echo sum=$((40+2)) user=$SALLYPORT_USER\n");
  await terminal.until(() => terminal.text().includes("sum=42 user=ada"));
  terminal.type("exit 7\n");
  await terminal.until(() => terminal.closing !== null);
  expect(terminal.closing).toEqual({ exitCode: 7, reason: "exit" });
});

test("a shell killed by a signal says which", async () => {
  await using hub = await TestHub.start();
  await using _agent = await linkedAgent(hub);
  const terminal = await hub.openShell();
  terminal.type("kill -KILL $$\n");
  await terminal.until(() => terminal.closing !== null);
  expect(terminal.closing).toEqual({ exitCode: null, reason: "SIGKILL" });
});

test("the shell starts in clean surroundings and sees nothing of the agent's environment", async () => {
  await using hub = await TestHub.start();
  await using _agent = await linkedAgent(hub);
  const terminal = await hub.openShell();
  terminal.type("env | sort | sed s/^/+/; pwd; echo do''ne\n");
  await terminal.until(() => terminal.text().includes("done"));
  const names = [...terminal.text().matchAll(/^\+([A-Za-z_]+)=/gm)].map((match) => match[1]);
  expect(names).toEqual(
    expect.arrayContaining([
      "HOME",
      "USER",
      "LOGNAME",
      "SHELL",
      "PATH",
      "TERM",
      "COLORTERM",
      "SALLYPORT_SESSION",
      "SALLYPORT_USER",
    ]),
  );
  expect(names.filter((name) => /^(LD_|NODE_|BASH_ENV|VITEST|npm_)/.test(name ?? ""))).toEqual([]);
  expect(terminal.text()).toContain("+TERM=xterm-256color");
});

test("a terminal survives the loss of its link and goes on at the very byte", async () => {
  await using hub = await TestHub.start();
  await using _agent = await linkedAgent(hub);
  const terminal = await plainShell(hub);
  // Numbers in order: a lost, doubled or misplaced byte shows.
  terminal.type(
    "printf 'B''EGIN'; for n in $(seq 1 40); do seq -s ' ' $((n*1000)) $((n*1000+999)); sleep 0.05; done; printf 'E''ND'\n",
  );
  for (let cuts = 0; cuts < 3; cuts++) {
    const bytes = terminal.bytes().length;
    // On a slow machine all of it may have been printed while the agent was dialling.
    await terminal.until(() => terminal.bytes().length > bytes + 5_000 || terminal.text().includes("END"));
    const from = hub.heard.length;
    hub.cut();
    await hub.hear("heartbeat", () => true, from);
  }
  await terminal.until(() => terminal.text().includes("END"));
  const expected = Array.from({ length: 40 }, (_, n) =>
    Array.from({ length: 1_000 }, (_value, at) => (n + 1) * 1_000 + at).join(" "),
  ).join("\n");
  expect(between(terminal, "BEGIN", "END").trim()).toBe(expected);
  terminal.type("echo still-$((20+3))\n");
  await terminal.until(() => terminal.text().includes("still-23"));
});

test("what was typed while the link was down arrives once when it is back", async () => {
  await using hub = await TestHub.start();
  await using _agent = await linkedAgent(hub);
  const terminal = await plainShell(hub);
  const from = hub.heard.length;
  hub.cut();
  terminal.type("echo typed-in-the-dark | sed s/t/T/\n");
  await hub.hear("heartbeat", () => true, from);
  await terminal.until(() => terminal.text().includes("Typed-in-the-dark"));
  expect(terminal.text().match(/Typed/g)).toHaveLength(1);
});

test("a hub that takes nothing pauses the program, and memory stays at the ring's size", async () => {
  await using hub = await TestHub.start();
  await using _agent = await linkedAgent(hub);
  const terminal = await plainShell(hub);
  terminal.taking = false;
  const rssBefore = process.memoryUsage.rss();
  const total = 12 * 1_024 * 1_024;
  const witness = path.join(scratch(), "printed-all");
  terminal.type(`head -c ${total} /dev/zero | tr '\\0' z; touch ${witness}; echo do''ne\n`);
  await new Promise((resolve) => setTimeout(resolve, 700)); // time enough to print it all, were it not paused
  expect(fs.existsSync(witness)).toBe(false);
  expect(process.memoryUsage.rss() - rssBefore).toBeLessThan(4 * outputRingBytes);
  terminal.take();
  await terminal.until(() => terminal.text().endsWith("done\n"));
  expect(terminal.text().match(/z/g)).toHaveLength(total);
});

test("resizing, CJK and emoji arrive as they were sent", async () => {
  await using hub = await TestHub.start();
  await using _agent = await linkedAgent(hub);
  const terminal = await hub.openShell({ columns: 91, rows: 33 });
  terminal.type("stty size; echo 'ok'-1\n");
  await terminal.until(() => terminal.text().includes("ok-1"));
  expect(terminal.text()).toContain("33 91");
  terminal.resize(137, 5_000);
  terminal.type("stty size; echo 'ok'-2\n");
  await terminal.until(() => terminal.text().includes("ok-2"));
  expect(terminal.text()).toContain("1000 137");
  const text = "终端 日本語 한국어 👩‍👩‍👧‍👦 🏳️‍🌈 é";
  terminal.type(`printf '%s' '${text}' | sha256sum; echo 'ok'-3\n`);
  await terminal.until(() => terminal.text().includes("ok-3"));
  expect(terminal.text()).toContain(createHash("sha256").update(text).digest("hex"));
});

test("a paste far beyond the window arrives whole", async () => {
  await using hub = await TestHub.start();
  await using _agent = await linkedAgent(hub);
  const terminal = await plainShell(hub);
  const paste = Buffer.alloc(1_000_000, "0123456789abcdef");
  terminal.type(`head -c ${paste.length} | sha256sum; echo do''ne\n`);
  await new Promise((resolve) => setTimeout(resolve, 200)); // until head reads, the shell itself would take the paste for commands
  terminal.type(paste);
  await terminal.until(() => terminal.text().includes("done"));
  expect(terminal.text()).toContain(createHash("sha256").update(paste).digest("hex"));
});

test("closing hangs the session up, and kills who does not listen", async () => {
  await using hub = await TestHub.start();
  await using agent = await linkedAgent(hub);
  const polite = await hub.openShell();
  polite.close("ended-by-user");
  await expect.poll(() => agent.log.join("")).toMatch(/terminal ses_\w+ closed/);
  const stubborn = await hub.openShell();
  stubborn.type("exec sh -c 'trap \"\" HUP TERM; echo deaf''-$$; while :; do sleep 1; done'\n");
  await stubborn.until(() => /deaf-\d+/.test(stubborn.text()));
  const pid = Number(/deaf-(\d+)/.exec(stubborn.text())?.[1]);
  stubborn.close("ended-by-admin");
  await expect.poll(() => isAlive(pid), { timeout: 6_000 }).toBe(false);
});

test("a terminal the hub does not name after a reconnect is hung up", async () => {
  await using hub = await TestHub.start();
  await using agent = await linkedAgent(hub);
  const terminal = await hub.openShell();
  hub.forgotten.add(terminal.stream);
  hub.cut();
  await expect.poll(() => agent.log.join(""), { timeout: 6_000 }).toMatch(/terminal ses_\w+ closed/);
});

test("without a link a terminal lives as long as the order says, and then says why it ended", async () => {
  await using hub = await TestHub.start();
  await using _agent = await linkedAgent(hub);
  const terminal = await hub.openShell({ keepSeconds: 1 });
  terminal.type("echo $$''-pid\n");
  await terminal.until(() => /\d+-pid/.test(terminal.text()));
  hub.open = false;
  hub.cut();
  await expect.poll(() => isAlive(Number(/(\d+)-pid/.exec(terminal.text())?.[1])), { timeout: 6_000 }).toBe(false);
  hub.open = true;
  await terminal.until(() => terminal.closing !== null);
  expect(terminal.closing).toEqual({ exitCode: null, reason: "agent-kept-too-long" });
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
