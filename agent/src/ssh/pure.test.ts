// The rules that need no neighbour: what is an offer, what is a question of su, and how much talk is too much.
import { expect, test } from "vitest";
import { noCommonAlgorithms, offered, readServerOffer } from "./algorithms.ts";
import { algorithmIn } from "./signer.ts";
import { SuPrompt } from "./su-prompt.ts";
import { TrafficGuard } from "./traffic-guard.ts";

const string = (text: string): Buffer => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(Buffer.byteLength(text));
  return Buffer.concat([length, Buffer.from(text)]);
};
const kexInit = (lists: string[]): Buffer =>
  Buffer.concat([Buffer.alloc(5), Buffer.from([20]), Buffer.alloc(16), ...lists.map(string)]);

test("a server's offer is read behind its greeting, and nothing is read from half of one", () => {
  const lists = ["kex-a,kex-b", "key-a", "c1", "c2,c3", "m1", "m2", "none", "none", "", ""];
  const bytes = Buffer.concat([Buffer.from("welcome\r\nSSH-2.0-x\r\n"), kexInit(lists)]);
  expect(readServerOffer(bytes)).toEqual({
    kex: ["kex-a", "kex-b"],
    serverHostKey: ["key-a"],
    cipher: ["c2", "c3"],
    hmac: ["m2"],
  });
  for (let length = 0; length < bytes.length - 30; length++)
    expect(() => readServerOffer(bytes.subarray(0, length))).not.toThrow();
  const lying = Buffer.from(bytes);
  lying.writeUInt32BE(0xffff_ffff, bytes.indexOf("kex-a") - 4);
  expect(readServerOffer(lying)).toBeNull();
});

test("what is not in common is told in 512 plain bytes, whatever the other side is called", () => {
  const hostile = { kex: ["\u001b[31mred\r\n", "x".repeat(9_000)], serverHostKey: [], cipher: [], hmac: [] };
  const text = noCommonAlgorithms(offered(false), hostile);
  expect(text).toMatch(/^[\x20-\x7e]{1,512}$/);
  expect(text).toContain("curve25519-sha256");
});

test("old algorithms are offered only when asked for, and after all others", () => {
  expect(JSON.stringify(offered(false))).not.toMatch(/sha1|cbc|"ssh-rsa"/);
  const { kex } = offered(true);
  expect(Array.isArray(kex) && kex.indexOf("curve25519-sha256") < kex.indexOf("diffie-hellman-group1-sha1")).toBe(true);
});

test("su's question is told from what other programs say", () => {
  const asked = (...outputs: string[]): boolean => {
    const su = new SuPrompt();
    return outputs.map((output) => su.onOutput(Buffer.from(output))).includes(true);
  };
  expect(asked("Password: ")).toBe(true);
  expect(asked("Pass", "word: ")).toBe(true);
  expect(asked("密码：")).toBe(true);
  expect(asked("# ")).toBe(false);
  expect(asked("welcome: to this host\r\n$ ")).toBe(false);
  expect(asked("x".repeat(5_000), "Password: ")).toBe(false);
});

test("su is answered once, and never after its time", () => {
  const su = new SuPrompt();
  expect(su.onOutput(Buffer.from("Password: "))).toBe(true);
  expect(su.onOutput(Buffer.from("\r\nPassword: "))).toBe(false);
  const late = new SuPrompt();
  late.tooLate();
  expect(late.onOutput(Buffer.from("Password: "))).toBe(false);
});

test("an ending is su's refusal only when su complained", () => {
  const end = (output: string, exitCode: number) => {
    const su = new SuPrompt();
    su.onOutput(Buffer.from("Password: "));
    su.onOutput(Buffer.from(output));
    return su.closingOf({ exitCode, reason: "exit" }).reason;
  };
  expect(end("\r\nsu: Authentication failure\r\n", 1)).toBe("su-refused");
  expect(end("\r\n$ exit 1\r\n", 1)).toBe("exit");
  expect(end("\r\n$ logout\r\n", 0)).toBe("exit");
});

test("terminals, transfers and quiet years pass; requests without output and hasty new keys do not", () => {
  const opened = (): TrafficGuard => {
    const guard = new TrafficGuard(0);
    guard.open();
    return guard;
  };
  const typing = opened();
  for (let n = 0; n < 100_000; n++) {
    expect(typing.received(52, 0, n)).toBe(true);
    typing.delivered(1);
  }
  const bulk = opened();
  for (let n = 0; n < 10_000; n++) {
    expect(bulk.received(32_800, 1_000_000, n)).toBe(true);
    bulk.delivered(32_768);
  }
  const quiet = opened();
  for (let day = 1; day < 1_000; day++) expect(quiet.received(400_000, 0, day * 86_400_000)).toBe(true);
  const flood = opened();
  let passed = 0;
  while (flood.received(52, 0, passed)) passed++;
  expect(passed).toBeLessThan(12_000);
  const keys = opened();
  const results = Array.from({ length: 10 }, (_, n) => keys.rekeyed(n * 1_000));
  expect(results.indexOf(false)).toBe(7);
  const calm = opened();
  expect(Array.from({ length: 100 }, (_, n) => calm.rekeyed(n * 11_000)).includes(false)).toBe(false);
});

test("the algorithm is found in what is to be signed, and in nothing shorter", () => {
  const data = Buffer.concat([
    string("session"),
    Buffer.from([50]),
    string("ada"),
    string("ssh-connection"),
    string("publickey"),
    Buffer.from([1]),
    string("rsa-sha2-512"),
    string("key"),
  ]);
  expect(algorithmIn(data)).toBe("rsa-sha2-512");
  for (let length = 0; length < data.length - 7; length++) expect(algorithmIn(data.subarray(0, length))).toBeNull();
});
