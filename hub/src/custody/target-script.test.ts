// What runs on a host: values stay values, a home's keys stay a person's own, and answers of hosts are not believed.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { outcomeOf } from "./outcome.ts";
import { accountAnswer, accountCommand } from "./target-script.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(path.join(os.tmpdir(), "sallyport-home-"));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const keysFile = () => path.join(home, ".ssh/authorized_keys");
const keys = () => readFileSync(keysFile(), "utf8");
const hostile = "a' $(touch owned) `touch owned` \\ \"; touch owned #";

/** As the account itself, in a home of its own. */
function runAsItself(work: { addKey?: string; removeKey?: string }): string {
  const prepared = accountCommand({ username: "somebody", make: false, asItself: true, ...work });
  const [program = "", ...words] = (prepared?.command ?? "").split(" ");
  const { stdout } = spawnSync(program, words, {
    cwd: home,
    env: { PATH: process.env["PATH"], HOME: home },
    input: prepared?.stdin ?? "",
    encoding: "utf8",
  });
  return accountAnswer(stdout);
}

test.skipIf(process.platform !== "linux")("a key is added once, others stay, and only the named one goes", () => {
  mkdirSync(path.join(home, ".ssh"));
  writeFileSync(keysFile(), "ssh-ed25519 AAAAother somebody else");
  for (let n = 0; n < 2; n++) expect(runAsItself({ addKey: "ssh-ed25519 AAAAnew x" })).toBe("works");
  expect(keys()).toBe("ssh-ed25519 AAAAother somebody else\nssh-ed25519 AAAAnew x\n");
  for (let n = 0; n < 2; n++) expect(runAsItself({ removeKey: "AAAAnew" })).toBe("works");
  expect(keys()).toBe("ssh-ed25519 AAAAother somebody else\n");
});

test.skipIf(process.platform !== "linux")(
  "a home without keys gets a file that only its owner reads, and no value is run",
  () => {
    expect(runAsItself({ addKey: hostile })).toBe("works");
    expect(keys()).toBe(`${hostile}\n`);
    expect(statSync(keysFile()).mode & 0o777).toBe(0o600);
    expect(() => statSync(path.join(home, "owned"))).toThrow();
  },
);

test("no value stands in the command, nor in what is sent, as it is", () => {
  const prepared = accountCommand({ username: "deploy", make: true, password: hostile, addKey: hostile });
  const same = accountCommand({ username: "other", make: true });
  expect(prepared?.command).toBe(same?.command);
  expect(prepared?.stdin).not.toContain("touch");
});

test.each(["", "-x", "root;id", "a b", "A", "a\nb", "x".repeat(33), "$(id)"])("the user name %j is not used", (username) => {
  expect(accountCommand({ username, make: true })).toBeNull();
});

test.each(["", "works", "sallyport:works and more", "sallyport:password", "sallyport:constructor", "x".repeat(100_000)])(
  "a host that says %j has done nothing",
  (said) => expect(accountAnswer(said)).toBe("no-rights-there"),
);

test("an agent's word that is none of ours, or that it works, is no outcome", () => {
  for (const word of ["works", "__proto__", "toString", "<b>", ""]) expect(outcomeOf(word)).toBe("failed");
  expect(outcomeOf("name-not-found")).toBe("name-unknown");
  expect(outcomeOf("metadata")).toBe("address-not-allowed");
});
