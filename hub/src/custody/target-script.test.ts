// What runs on a host: values stay values, a home's keys stay a person's own, and answers of hosts are not believed.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { outcomeOf } from "./outcome.ts";
import { accountCommand, suCommand, targetAnswer } from "./target-script.ts";

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
  const prepared = accountCommand({ username: "somebody", make: false, ...work }, { itself: true });
  const [program = "", ...words] = (prepared?.command ?? "").split(" ");
  const { stdout } = spawnSync(program, words, {
    cwd: home,
    env: { PATH: process.env["PATH"], HOME: home },
    input: prepared?.stdin ?? "",
    encoding: "utf8",
  });
  return targetAnswer(stdout, { su: false });
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

const byRoot = { itself: false, su: null, sudoPassword: null } as const;

test("no value stands in the command, nor in what is sent, as it is; secrets are on lines of their own", () => {
  const work = { username: "deploy", make: true, password: hostile, addKey: hostile };
  const prepared = accountCommand(work, { ...byRoot, sudoPassword: "sudo's own" });
  expect(prepared?.command).toBe(accountCommand({ username: "other", make: true }, byRoot)?.command);
  expect(prepared?.stdin).not.toContain("touch");
  const told = accountCommand(
    { username: "deploy", make: true, password: "correct horse" },
    { ...byRoot, sudoPassword: "battery" },
  );
  for (const secret of ["correct horse", "battery"])
    for (const text of [secret, Buffer.from(secret).toString("base64")])
      expect(`${told?.command}${told?.stdin}`).not.toContain(text);
  expect(prepared?.secretLines).toEqual(["sudo's own", Buffer.from(hostile).toString("base64")]);
  const su = accountCommand(work, { ...byRoot, su: { username: "root", password: "su's own" } });
  expect(`${su?.command}${su?.stdin}`).not.toContain("su's own");
  expect(su?.secretLines[0]).toBe("su's own");
});

test("a command is one line that every login shell takes alike", () => {
  const commands = [
    accountCommand({ username: "a", make: true }, byRoot),
    accountCommand({ username: "a", make: true }, { ...byRoot, su: { username: "root", password: "p" } }),
    suCommand({ username: "root", password: "p" }),
  ];
  for (const prepared of commands) expect(prepared?.command).toMatch(/^sh -c '(?:(?!\\['\\])[^'!\n])+'$/);
});

test.each(["", "-x", "root;id", "a b", "A", "a\nb", "x".repeat(33), "$(id)"])("the user name %j is not used", (username) => {
  expect(accountCommand({ username, make: true }, byRoot)).toBeNull();
  expect(accountCommand({ username: "a", make: true }, { ...byRoot, su: { username, password: "p" } })).toBeNull();
  expect(suCommand({ username, password: "p" })).toBeNull();
});

test.each(["", "works", "sallyport:works and more", "sallyport:password", "sallyport:constructor", "x".repeat(100_000)])(
  "a host that says %j has done nothing",
  (said) => {
    expect(targetAnswer(said, { su: false })).toBe("no-rights-there");
    expect(targetAnswer(said, { su: true })).toBe("su-refused");
  },
);

test("an answer is found among greetings and goodbyes, and su's own complaint is told apart", () => {
  expect(targetAnswer("Welcome!\r\n\nsallyport:works\r\nbye\n", { su: false })).toBe("works");
  expect(targetAnswer("Password: \nsallyport:password-not-set\n", { su: true })).toBe("password-not-set");
  expect(targetAnswer("Password: su: Authentication failure\n", { su: true })).toBe("authentication-failed");
  expect(targetAnswer("su: incorrect password\n", { su: true })).toBe("authentication-failed");
});

test("an agent's word that is none of ours, or that it works, is no outcome", () => {
  for (const word of ["works", "__proto__", "toString", "<b>", ""]) expect(outcomeOf(word)).toBe("failed");
  expect(outcomeOf("name-not-found")).toBe("name-unknown");
  expect(outcomeOf("metadata")).toBe("address-not-allowed");
});
