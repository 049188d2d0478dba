// Builds the console: the static export, then for the hub the script hashes of each page (csp.json) and compressed copies.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import { inlineHandlers, inlineScriptHashes } from "./csp.mjs";

const root = import.meta.dirname;
const out = join(root, "out");

const next = join(dirname(createRequire(import.meta.url).resolve("next/package.json")), "dist/bin/next");
const built = spawnSync(process.execPath, [next, "build"], {
  cwd: root,
  stdio: "inherit",
  env: { ...process.env, NEXT_TELEMETRY_DISABLED: "1" },
});
if (built.status !== 0 || !existsSync(out)) process.exit(built.status ?? 1);

const files = (await readdir(out, { recursive: true, withFileTypes: true }))
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name));

await writeCsp(files.filter((file) => file.endsWith(".html")));
await dropOldFonts();
for (const file of files.filter((file) => /\.(?:js|css|html|svg|txt)$/.test(file))) await compress(file);

/** `{ "/fleet": ["sha256-…"] }`, by the path at which the hub serves the page. */
async function writeCsp(pages) {
  const csp = {};
  for (const page of pages) {
    const html = await readFile(page, "utf8");
    const path = `/${relative(out, page).replace(/(?:^|\/)index\.html$|\.html$/, "")}`;
    const handlers = inlineHandlers(html);
    if (handlers.length > 0)
      throw new Error(`${path} has inline event handlers (${handlers.join(", ")}): the CSP would block them`);
    csp[path] = inlineScriptHashes(html);
  }
  await writeFile(join(out, "csp.json"), `${JSON.stringify(csp, null, 1)}\n`);
}

/** The font packages name WOFF as a second choice; every browser that runs the console takes WOFF2, and asks for the other only where that one did not come. */
async function dropOldFonts() {
  for (const font of files.filter((file) => file.endsWith(".woff"))) await rm(font);
  for (const sheet of files.filter((file) => file.endsWith(".css"))) {
    const css = await readFile(sheet, "utf8");
    await writeFile(sheet, css.replaceAll(/,\s*url\([^)]*\.woff\)\s*format\([^)]*\)/g, ""));
  }
}

async function compress(file) {
  const bytes = await readFile(file);
  // Below a packet's size compression saves nothing.
  if (bytes.length < 1024) return;
  const brotli = { params: { [constants.BROTLI_PARAM_QUALITY]: 6 } };
  await writeFile(`${file}.gz`, await promisify(gzip)(bytes, { level: 9 }));
  await writeFile(`${file}.br`, await promisify(brotliCompress)(bytes, brotli));
}
