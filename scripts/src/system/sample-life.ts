// Some life for a hub: people, sessions, runs good and bad, so that pages have something to show.
import type { RestClient } from "./rest-client.ts";
import { TerminalClient } from "./terminal-client.ts";

export type SampleLife = { assetId: string; sessionId: string; runId: string; failedRunId: string };

const lines = [
  "export PS1='deploy@web-1:~$ '; clear",
  "uname -sr",
  "df -h / | tail -1",
  "printf '\\033[32mok\\033[0m service is healthy\\n'",
  "for n in 1 2 3 4 5 6 7 8; do printf 'step %s of 8 \\033[2m%s\\033[0m\\n' $n \"$(date +%T)\"; done",
  "ls --color=always /etc | head -20 | column",
];

/** Two runs and one ended terminal, made through the API on the first asset that is online. */
export async function makeSampleLife(rest: RestClient): Promise<SampleLife> {
  const { id: assetId } = await rest.onlineAsset();
  const script =
    'set -eu\necho "checking $(hostname)"\nfor n in 1 2 3 4 5 6 7 8 9 10; do echo "package $n is current"; done\necho "2 warnings" >&2\n';
  const runId = await rest.startRun({ assetIds: [assetId], script, interpreter: "bash", title: "Weekly package check" });
  await rest.finishedRun(runId);
  const failedRunId = await rest.startRun({
    assetIds: [assetId],
    script: "echo starting backup\necho 'no space left on /backup' >&2\nexit 2\n",
    interpreter: "sh",
    title: "Nightly backup",
  });
  await rest.finishedRun(failedRunId);
  const sessionId = await recordSession(rest, assetId);
  return { assetId, sessionId, runId, failedRunId };
}

async function recordSession(rest: RestClient, assetId: string): Promise<string> {
  const terminal = new TerminalClient({ url: rest.url, key: rest.key, assetId, cols: 100, rows: 28 });
  const { sessionId } = await terminal.opened;
  for (const [n, line] of lines.entries()) {
    const done = terminal.output(`line-${n}-done`);
    // The mark hides in the title, so that it is not on the screen.
    terminal.type(`${line}; printf '\\033]2;line-%s-done\\007' ${n}\r`);
    await done;
  }
  terminal.type("exit\r");
  await terminal.ended;
  return sessionId;
}
