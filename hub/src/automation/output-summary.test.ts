// What is kept of an output: the same however its bytes came, and harmless.
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { comparedBytes, lastLineMax, OutputSummary } from "./output-summary.ts";

/** @param piece bytes that come at once. */
function summaryOf(stdout: string | Buffer, { stderr = "", piece = 1_000_000, hostNames = [] as string[] } = {}): OutputSummary {
  const summary = new OutputSummary(hostNames);
  const bytes = Buffer.from(stdout);
  for (let at = 0; at < bytes.length; at += piece) summary.add("output", bytes.subarray(at, at + piece));
  summary.add("stderr", Buffer.from(stderr));
  return summary;
}
const values = (stdout: string, hostNames: string[] = []) => summaryOf(stdout, { hostNames }).digests().valueDigest;

test("outputs are the same however their bytes came", () => {
  const line = `${"word 12 ".repeat(900)}é ${"x".repeat(4_096)}\n`;
  const text = `${line.repeat(30)}short 1\n\n${line}${line.trimEnd()}`;
  expect(text.length).toBeGreaterThan(comparedBytes);
  const whole = summaryOf(text);
  expect(whole.digests().digest).toBe(
    createHash("sha256")
      .update(Buffer.concat([createHash("sha256").update(text).digest(), createHash("sha256").digest()]))
      .digest("hex"),
  );
  for (const piece of [13, 4_096, 5_000, 65_537]) {
    const cut = summaryOf(text, { piece });
    expect(cut.digests(), `pieces of ${piece}`).toEqual(whole.digests());
    expect(cut.lastLine(false)).toBe(whole.lastLine(false));
  }
});

test("numbers, times, long hexadecimal words and the host's own name are values; words and lines are not", () => {
  const first = "web-01.example.org: up 3 days, 12:04:55\n/dev/sda1   40G  3% /\ncommit 3f2a9c1e77b0\n";
  const other = "db.example.org: up 41 days, 1:00:07.5\n/dev/sda1  120G 97% /\ncommit 00deadbeef12\n";
  expect(values(first, ["web-01.example.org"])).toBe(values(other, ["db.example.org", "db"]));
  expect(values("ready in 3 s")).toBe(values("ready in 0.25 s"));
  expect(values("ready in 3 s")).not.toBe(values("failed in 3 s"));
  expect(values("a 1\n")).not.toBe(values("a 1\na 1\n"));
  expect(values("deadbeef is a word")).not.toBe(values("defaced is a word"));
  // What is not UTF-8 is told apart, too.
  expect(summaryOf(Buffer.from([0xff, 0x31])).digests().valueDigest).not.toBe(
    summaryOf(Buffer.from([0xfe, 0x31])).digests().valueDigest,
  );
});

test("of stdout and stderr the first differs from the second", () => {
  expect(summaryOf("a").digests().digest).not.toBe(summaryOf("", { stderr: "a" }).digests().digest);
});

test("the last line is what a terminal would show last, short and without what it would obey", () => {
  const last = (stdout: string, more = {}) => summaryOf(stdout, more).lastLine(false);
  expect(last("")).toBeNull();
  expect(last("\n \t\n\u001b[0m\n")).toBeNull();
  expect(last("one\ntwo\n\n\u001b[0m")).toBe("two");
  expect(last("10%\r50%\r100%\r\n")).toBe("100%");
  expect(last("\u001b]8;;http://evil\u0007click\u001b]8;;\u0007 \u202egnp.exe\u0000\n")).toBe("click gnp.exe");
  expect(last(`${"é".repeat(5_000)}`, { piece: 3 })?.length).toBeLessThanOrEqual(lastLineMax);
  expect(last("done", { stderr: "careful" })).toBe("done");
  expect(summaryOf("done", { stderr: "broken" }).lastLine(true)).toBe("broken");
});

test("output made to be expensive is read in time that grows with its length alone", () => {
  // 300 ms on two busy cores; what grows with the square would take minutes.
  for (const unit of [" ", "\t", "a", "1", "1.", "a1", "\r", "\n", "\u001b["]) {
    const startedAt = performance.now();
    summaryOf(unit.repeat(4_000_000 / unit.length), { piece: 64 * 1024, hostNames: ["a".repeat(100)] }).digests();
    expect(performance.now() - startedAt, JSON.stringify(unit)).toBeLessThan(10_000);
  }
});
