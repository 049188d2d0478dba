// The import law notices planted violations, and only those.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { checkImportLaw } from "./import-law/check.ts";
import { findCycles } from "./import-law/cycles.ts";
import { workspaces } from "./import-law/read-source.ts";

let root = "";

beforeEach(() => {
  root = mkdtempSync(path.join(os.tmpdir(), "import-law-"));
  for (const workspace of workspaces) mkdirSync(path.join(root, workspace, "src"), { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function plant(file: string, ...lines: string[]) {
  mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
  writeFileSync(path.join(root, file), `${lines.join("\n")}\n`);
}
const found = () => checkImportLaw(root).violations.map(({ file, line }) => `${file}:${line}`);

test.each([
  ["protocol importing the hub", "protocol/src/a.ts", 'import { x } from "@sallyport/hub/api/router";'],
  ["an agent importing the hub", "agent/src/a.ts", 'import type { AppRouter } from "@sallyport/hub/api/router";'],
  ["a hub importing the console", "hub/src/fleet/a.ts", 'export { x } from "@sallyport/web/src/x";'],
  ["the console importing the router as a value", "web/src/a.ts", 'import { router } from "@sallyport/hub/api/router";'],
  ["the console importing a use case", "web/src/a.ts", 'import { endSession } from "@sallyport/hub/sessions/end-session";'],
  ["a test reaching into another workspace by path", "agent/src/a.test.ts", 'import { x } from "../../hub/src/hub.ts";'],
  ["a script importing the hub", "scripts/src/a.ts", 'import { x } from "@sallyport/hub/fleet/input";'],
  [
    "a script that is no foreign client importing protocol",
    "scripts/src/a.ts",
    'import { x } from "@sallyport/protocol/topics";',
  ],
  ["a dynamic import across workspaces", "agent/src/a.ts", `const x = await ${"import"}("@sallyport/hub/api/router");`],
  ["platform importing audit", "hub/src/platform/a.ts", 'import { x } from "../audit/b.ts";'],
  ["fleet importing sessions", "hub/src/fleet/a.ts", 'import type { X } from "../sessions/b.ts";'],
  ["sessions importing automation, its neighbour", "hub/src/sessions/a.ts", 'import { x } from "../automation/b.ts";'],
  ["api importing gateway, its neighbour", "hub/src/api/a.ts", 'import { x } from "../gateway/b.ts";'],
  ["a room importing the wiring", "hub/src/api/a.ts", 'import { x } from "../hub.ts";'],
  ["a room without a place", "hub/src/helpers/a.ts", 'import { x } from "../platform/b.ts";'],
  ["input.ts importing the database", "hub/src/fleet/input.ts", 'import { x } from "drizzle-orm";'],
  ["input.ts importing a sibling", "hub/src/fleet/input.ts", 'import { x } from "./agents.ts";'],
  ["mqtt outside the agent's link", "agent/src/session/a.ts", 'import mqtt from "mqtt";'],
  ["aedes outside the broker", "hub/src/gateway/a.ts", 'import { Aedes } from "aedes";'],
  ["the environment outside config.ts", "hub/src/fleet/a.ts", "export const home = process.env.HOME;"],
])("%s is a violation", (_name, file, line) => {
  plant(file, "// A file.", line);
  expect(found()).toEqual([`${file}:2`]);
});

test("what the law allows is not a violation", () => {
  plant("agent/src/link/a.ts", 'import mqtt from "mqtt";', 'import { topics } from "@sallyport/protocol/topics";');
  plant("agent/src/config.ts", "export const home = process.env.HOME;");
  plant(
    "hub/src/fleet/input.ts",
    'import { z } from "zod";',
    'import { page } from "../platform/input.ts";',
    'import { cap } from "@sallyport/protocol/limits";',
  );
  plant("hub/src/platform/input.ts", 'import { z } from "zod";');
  plant("hub/src/main.ts", 'import { createHub } from "./hub.ts";');
  plant("hub/src/hub.ts", 'import { a } from "./api/router.ts";');
  plant("hub/src/api/router.ts", 'import { a } from "../fleet/input.ts";');
  plant("hub/src/platform/a.test.ts", 'import { a } from "../hub.ts";');
  plant(
    "web/src/a.ts",
    'import type { AppRouter } from "@sallyport/hub/api/router";',
    'import { input } from "@sallyport/hub/fleet/input";',
  );
  plant("scripts/src/bench/a.ts", 'import { encode } from "@sallyport/protocol/terminal-socket";');
  plant(
    "hub/src/audit/a.ts",
    '// import { x } from "../hub.ts"; in a comment is no import',
    "import {",
    "  a,",
    '} from "../platform/b.ts";',
  );
  expect(checkImportLaw(root).violations).toEqual([]);
});

test("files that import each other are one cycle", () => {
  plant("agent/src/a.ts", 'import { b } from "./b.ts";');
  plant("agent/src/b.ts", 'import { c } from "./c.ts";');
  plant("agent/src/c.ts", 'import type { A } from "./a.ts";');
  plant("agent/src/d.ts", 'import { a } from "./a.ts";');
  expect(checkImportLaw(root).violations).toMatchObject([
    { file: "agent/src/a.ts", text: expect.stringContaining("agent/src/b.ts, agent/src/c.ts") },
  ]);
  expect(
    findCycles(
      new Map([
        ["a", ["b"]],
        ["b", []],
      ]),
    ),
  ).toEqual([]);
});

test("the command names file, line, import, reason and cure, and exits with 1", () => {
  plant("agent/src/a.ts", "// A file.", 'import { x } from "@sallyport/hub/api/router";');
  const program = new URL("import-law.ts", import.meta.url).pathname;
  const { status, stdout } = spawnSync(process.execPath, [program, root], { encoding: "utf8" });
  expect(stdout).toContain(
    "agent/src/a.ts:2 imports @sallyport/hub/api/router: agent may import protocol only; put what both need into protocol",
  );
  expect(status).toBe(1);
  rmSync(path.join(root, "agent/src/a.ts"));
  expect(spawnSync(process.execPath, [program, root]).status).toBe(0);
});
