import { createHash } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { linkedAgent } from "../testing/agents.ts";
import { TestHub } from "../testing/hub.ts";
import { scratch } from "../testing/scratch.ts";
import { answerAsks, newUserKey, noSshd, startSshd, targetAt } from "../testing/sshd.ts";

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const username = os.userInfo().username;
const nameOf = (port: number) => ({ host: "127.0.0.1", port, username });
const foldersOf = (executionId: string): string[] =>
  ["/var/tmp", "/tmp"].flatMap((base) => fs.readdirSync(base).filter((name) => name.includes(executionId)));

/** A hub that equips, and a neighbour that lets in. The agent is the test's. */
async function between({ config = [], secrets = {} }: { config?: string[]; secrets?: Record<string, string> } = {}) {
  const key = newUserKey();
  const sshd = await startSshd({ authorized: [key], config });
  const hub = await TestHub.start();
  const ssh = targetAt(sshd.port, { publicKey: key.wire, hostKeys: sshd.hostKeys });
  answerAsks(hub, { signsWith: key, equips: { ssh, secrets } });
  return {
    hub,
    sshd,
    neighbour: nameOf(sshd.port),
    [Symbol.asyncDispose]: async () => {
      await hub[Symbol.asyncDispose]();
      await sshd[Symbol.asyncDispose]();
    },
  };
}

/** Programs of this folder come first on the neighbour, and its sh is what /bin/sh would be. */
function hostWhoseShIs(program: string): string[] {
  const bin = scratch();
  fs.symlinkSync(program, path.join(bin, "sh"));
  return [`ForceCommand PATH=${bin}:$PATH; eval "$(printf %s "$SSH_ORIGINAL_COMMAND" | sed s,/bin/sh,${bin}/sh,)"`];
}

const noisyHome = (): string[] => {
  const home = scratch();
  fs.writeFileSync(path.join(home, ".bashrc"), "seq 1 2000; echo noise >&2; printf 'no newline'\n");
  return [`SetEnv HOME=${home}`];
};

describe.skipIf(noSshd)("a script on a neighbour", () => {
  test.each([
    ["dash", () => hostWhoseShIs("/bin/dash")],
    ["bash", () => hostWhoseShIs("/bin/bash")],
    ["busybox", () => hostWhoseShIs("/bin/busybox")],
    ["an account whose login shell is csh", () => ['ForceCommand exec csh -f -c "$SSH_ORIGINAL_COMMAND"']],
    ["an account whose .bashrc talks", noisyHome],
  ] as const)(
    "with %s brings back every byte apart, gets its arguments and variables, and leaves nothing",
    async (_what, config) => {
      await using there = await between({ config: [...config()] });
      const { hub, neighbour } = there;
      await using _agent = await linkedAgent(hub);
      const folder = scratch();
      const script = [
        `head -c 700000 /dev/urandom | tee ${folder}/out; head -c 400000 /dev/urandom | tee ${folder}/err >&2`,
        `printf "%s|" "$@" "$NAME" "$SALLYPORT_EXECUTION" > ${folder}/words; cat; exit 5`,
      ].join("\n");
      const words = ["a b", "$(touch /tmp/never)", "'\"\\n", "two\nlines\n", ""];
      const run = await hub.run(script, {
        neighbour,
        arguments: words,
        environment: { NAME: "värde; rm -rf /\n", i: "1", PS1: "x" },
      });
      const result = await hub.resultOf(run);
      expect(result).toMatchObject({ exited: true, exitCode: 5, stdoutBytes: 700_000, stderrBytes: 400_000, truncated: false });
      expect(sha256(run.stream.bytes(0))).toBe(sha256(fs.readFileSync(`${folder}/out`)));
      expect(sha256(run.stream.bytes(1))).toBe(sha256(fs.readFileSync(`${folder}/err`)));
      expect(fs.readFileSync(`${folder}/words`, "utf8")).toBe(`${[...words, "värde; rm -rf /\n", run.executionId].join("|")}|`);
      expect(foldersOf(run.executionId)).toEqual([]);
    },
  );
});
