// The sum of `npm test`: nothing that went wrong may be missing from it.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { countReport, sum } from "./count.mjs";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "count-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

type File = { status: string; assertions?: [name: string, status: string][] };

function report(...files: File[]): string {
  const file = path.join(folder, "report.json");
  const testResults = files.map(({ status, assertions = [] }, n) => ({
    name: `file-${n}`,
    status,
    assertionResults: assertions.map(([fullName, outcome]) => ({
      fullName,
      status: outcome,
      failureMessages: outcome === "failed" ? ["Error: \u001b[31mnot\u001b[39m so\n    at b"] : [],
    })),
  }));
  writeFileSync(file, JSON.stringify({ testResults }));
  return file;
}

test("passed, failed and skipped tests are counted by name, and what failed says how", () => {
  const assertions: [string, string][] = [
    ["a", "passed"],
    ["b", "failed"],
    ["c", "skipped"],
    ["d", "todo"],
  ];
  expect(countReport("hub", report({ status: "failed", assertions }), 1)).toEqual({
    passed: 1,
    failed: 1,
    skipped: 2,
    failures: ["hub: b | Error: not so"],
    skips: ["hub: c", "hub: d"],
  });
});

test("a runner without a report is one failure", () => {
  expect(countReport("hub", path.join(folder, "none.json"), 134)).toMatchObject({
    failed: 1,
    failures: [expect.stringContaining("exit code 134")],
  });
});

test("a file that did not load is one failure", () => {
  expect(countReport("hub", report({ status: "failed" }, { status: "passed", assertions: [["a", "passed"]] }), 1)).toMatchObject({
    passed: 1,
    failed: 1,
  });
});

test("an error outside of tests is one failure", () => {
  expect(countReport("hub", report({ status: "passed", assertions: [["a", "passed"]] }), 1)).toMatchObject({
    passed: 1,
    failed: 1,
  });
});

test("suites add up", () => {
  const one = { passed: 1, failed: 2, skipped: 3, failures: ["f"], skips: ["s"] };
  expect(sum([one, one])).toEqual({ passed: 2, failed: 4, skipped: 6, failures: ["f", "f"], skips: ["s", "s"] });
});
