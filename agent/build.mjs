// Builds dist/: agent.cjs (the agent), ssh2.cjs (what it loads to reach neighbours), runner.cjs (the small process beside each script), pty.node,
// and what the installer fetches.
//     node build.mjs                 all of it, for this machine's processor
//     node build.mjs --bundle DIR    only the programs, into DIR (for tests)
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { build } from "esbuild";
import { pack } from "./pack.mjs";

const here = import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname);
const require = createRequire(import.meta.url);
const { version } = JSON.parse(readFileSync(path.join(here, "package.json"), "utf8"));

/**
 * Parts of libraries that an agent never runs cost it 15 MB: MQTT.js brings its own streams for old Nodes, timers for browsers,
 * WebSocket and SOCKS clients; protobufjs a 64-bit integer type in WebAssembly; ssh2 a server, and a cipher in WebAssembly that we do not
 * offer. Only the parts in use go in.
 */
const slimLibraries = {
  name: "slim-libraries",
  setup(builder) {
    const modules = {
      mqtt: 'export { default as MqttClient } from "mqtt/lib/client";',
      "readable-stream": 'module.exports = require("node:stream");',
      "worker-timers": 'module.exports = require("node:timers");',
      long: "module.exports = undefined;", // wire.ts takes numbers to 2^53
      ssh2: 'module.exports = { Client: require("ssh2/lib/client.js"), BaseAgent: require("ssh2/lib/agent.js").BaseAgent, utils: { parseKey: require("ssh2/lib/protocol/keyParser.js").parseKey, generateKeyPairSync: require("ssh2/lib/keygen.js").generateKeyPairSync } };',
      "./crypto/poly1305.js": "module.exports = async () => ({ _malloc() {}, cwrap() {} });",
      "cpu-features": "module.exports = () => null;", // it is asked only which cipher to prefer, and we say that
    };
    builder.onResolve(
      { filter: /^(mqtt|readable-stream|worker-timers|long|ssh2|\.\/crypto\/poly1305\.js|cpu-features)$/ },
      ({ path: name }) => ({
        path: name,
        namespace: "slim",
      }),
    );
    builder.onLoad({ filter: /.*/, namespace: "slim" }, ({ path: name }) => ({
      contents: modules[name],
      resolveDir: here,
      loader: "js",
    }));
  },
};

/**
 * How agents start Node. Measured on an idle linked agent: 80 MB plain and unslimmed, 60.6 slimmed, 58.7 without Maglev, whose code need
 * not be paged in (TurboFan still takes over what stays hot). The small young generation keeps a busy agent from growing to 90.
 */
const nodeFlags = "--max-semi-space-size=1 --max-old-space-size=128 --no-maglev";

export async function bundle(outDir) {
  mkdirSync(outDir, { recursive: true });
  await build({
    entryPoints: {
      agent: path.join(here, "src/main.ts"),
      runner: path.join(here, "src/run/runner.ts"),
      ssh2: path.join(here, "src/ssh/ssh2-part.ts"),
    },
    outdir: outDir,
    outExtension: { ".js": ".cjs" },
    bundle: true,
    platform: "node",
    target: "node24",
    format: "cjs",
    // Names stay, so that a stack in a log says something; the rest of the text is memory in every agent.
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: "none",
    define: {
      "import.meta.dirname": "__dirname",
      "import.meta.url": "importMetaUrl",
      __AGENT_VERSION__: JSON.stringify(version),
    },
    banner: { js: "const importMetaUrl=require('node:url').pathToFileURL(__filename).href;" },
    external: ["bufferutil", "utf-8-validate", "*.node"], // ws and ssh2 work without them
    plugins: [slimLibraries],
    logLevel: "warning",
  });
  const addon = ptyAddon(process.arch);
  if (addon !== null) copyFileSync(addon, path.join(outDir, "pty.node"));
  writeFileSync(path.join(outDir, "VERSION"), `${version}\n`);
  writeFileSync(path.join(outDir, "node-flags.txt"), `${nodeFlags}\n`);
}

export function ptyAddon(arch) {
  try {
    return require.resolve(`@lydell/node-pty-linux-${arch}/pty.node`);
  } catch {
    return null;
  }
}

if (path.resolve(process.argv[1] ?? "") === path.join(here, "build.mjs")) {
  const only = process.argv.indexOf("--bundle");
  const outDir = only === -1 ? path.join(here, "dist") : path.resolve(process.argv[only + 1] ?? "dist");
  await bundle(outDir);
  if (only === -1) await pack([process.arch]);
  if (!existsSync(path.join(outDir, "agent.cjs"))) process.exit(1);
}
