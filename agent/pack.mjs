// Makes what the installer fetches from dist/: the runtime of each processor (large, rarely new), the programs (small, often new), and a
// manifest of their sums.
//     node pack.mjs --arch arm64       adds the runtime of another processor; fetches it with npm
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  createReadStream,
  createWriteStream,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { create, extract } from "tar";

const here = import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname);
const root = path.dirname(here);
const dist = path.join(here, "dist");

/** 5 takes two thirds of the time of the default and 2 % more room. */
const gzipLevel = 5;

const archs = ["x64", "arm64"];

export async function pack(wanted) {
  for (const arch of wanted) await packRuntime(arch);
  await packFiles(
    path.join(dist, "agent.tar.gz"),
    ["agent.cjs", "ssh2.cjs", "runner.cjs", "VERSION", "node-flags.txt"].map((name) => ({ name, file: path.join(dist, name) })),
  );
  const version = readFileSync(path.join(dist, "VERSION"), "utf8").trim();
  const files = {};
  for (const name of readdirSync(dist)
    .filter((entry) => entry.endsWith(".tar.gz"))
    .sort())
    files[name] = await sumOf(path.join(dist, name));
  writeBeside(path.join(dist, "manifest.json"), `${JSON.stringify({ version, files }, null, 2)}\n`);
}

/** Compressing 126 MB takes seconds, so it is done once per version. */
async function packRuntime(arch) {
  if (!archs.includes(arch)) throw new Error(`no runtime for ${arch}; there are ${archs.join(" and ")}`);
  const packages = [`node-linux-${arch}`, `@lydell/node-pty-linux-${arch}`].map((name) => ({
    name,
    version: lockedVersion(name),
  }));
  const stamp = JSON.stringify({ packages, gzipLevel });
  const target = path.join(dist, `runtime-linux-${arch}.tar.gz`);
  const stampFile = path.join(dist, `.runtime-linux-${arch}.stamp`);
  if (existsSync(target) && existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp) return;
  const fetched = mkdtempSync(path.join(os.tmpdir(), "sallyport-pack-"));
  try {
    const [node, pty] = await Promise.all(packages.map((one) => packageFolder(one, fetched)));
    await packFiles(target, [
      { name: "runtime/node", file: path.join(node, "bin/node") },
      { name: "runtime/pty.node", file: path.join(pty, "pty.node") },
      { name: "runtime/LICENSE", file: path.join(node, "LICENSE") },
    ]);
    writeBeside(stampFile, stamp);
  } finally {
    rmSync(fetched, { recursive: true, force: true });
  }
}

/** The installed package, or the same version fetched. */
async function packageFolder({ name, version }, scratch) {
  const installed = path.join(root, "node_modules", name);
  if (existsSync(path.join(installed, "package.json"))) return installed;
  const tarball = execFileSync("npm", ["pack", "--silent", "--pack-destination", scratch, `${name}@${version}`], {
    cwd: scratch,
    encoding: "utf8",
  })
    .trim()
    .split("\n")
    .at(-1);
  const folder = mkdtempSync(path.join(scratch, "package-"));
  await extract({ file: path.join(scratch, tarball), cwd: folder, strip: 1 });
  return folder;
}

function lockedVersion(name) {
  const { packages } = JSON.parse(readFileSync(path.join(root, "package-lock.json"), "utf8"));
  const locked = packages[`node_modules/${name}`];
  if (locked === undefined) throw new Error(`package-lock.json does not name ${name}`);
  return locked.version;
}

/** The same files give the same bytes, so that a host which has them already is not told to fetch them again. */
async function packFiles(target, entries) {
  const staging = mkdtempSync(path.join(dist, ".pack-"));
  try {
    for (const { name, file } of entries) {
      execFileSync("mkdir", ["-p", path.dirname(path.join(staging, name))]);
      execFileSync("cp", ["-L", file, path.join(staging, name)]);
    }
    const tarball = create(
      { cwd: staging, portable: true, noMtime: true },
      entries.map(({ name }) => name),
    );
    await pipeline(tarball, createGzip({ level: gzipLevel }), createWriteStream(`${target}.new`));
    renameSync(`${target}.new`, target);
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

async function sumOf(file) {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(file)) hash.update(chunk);
  return { sha256: hash.digest("hex"), bytes: statSync(file).size };
}

function writeBeside(file, text) {
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}

if (path.resolve(process.argv[1] ?? "") === path.join(here, "pack.mjs")) {
  const at = process.argv.indexOf("--arch");
  await pack([at === -1 ? process.arch : process.argv[at + 1]]);
}
