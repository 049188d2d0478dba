// Generates src/gen/wire.{js,d.ts} from proto/wire.proto: static code only, so no descriptor is ever read at run time.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const here = import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname);
const cli = path.dirname(createRequire(import.meta.url).resolve("protobufjs-cli/package.json"));
mkdirSync(path.join(here, "src/gen"), { recursive: true });
const run = (tool, ...args) =>
  execFileSync(process.execPath, [path.join(cli, "bin", tool), ...args], { stdio: "inherit", cwd: here });
const rewrite = (file, from, to) => {
  const at = path.join(here, "src/gen", file);
  writeFileSync(at, readFileSync(at, "utf8").replace(from, to));
};

const pbjs = [
  "-t",
  "static-module",
  "-w",
  "es6",
  "--no-verify",
  "--no-service",
  "--no-delimited",
  "--no-convert",
  "--force-number",
];
run("pbjs", ...pbjs, "-o", "src/gen/wire.js", "proto/wire.proto");
run("pbts", "-o", "src/gen/wire.d.ts", "src/gen/wire.js");
// Offsets and dates are JavaScript numbers, exact to 2^53. Said before the generated code looks for the Long library.
rewrite("wire.js", /^(import \$protobuf .*)$/m, "$1\n$protobuf.util.Long = undefined;\n$protobuf.configure();");
rewrite("wire.d.ts", /^import Long = require\("long"\);\n/m, "");
