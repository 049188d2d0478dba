// What the environment and the host's owner may decide. The only file that reads process.env.
import path from "node:path";
import { readIfThere } from "./state/files.ts";
import { parseObject, StateError } from "./state/identity.ts";

export type Config = {
  /** Where interpreters are looked up, and what scripts get as PATH. */
  path: string;
  /** LANG of terminals and scripts. */
  language: string;
  /** `http://host:port` of a proxy for WSS, or null. */
  proxyUrl: string | null;
  /** Hosts reached without the proxy: names and `.suffixes`, as NO_PROXY lists them. */
  proxyExceptions: string[];
  /** The key of this host that people may reach neighbours with: a file, or "own" for one that the agent makes. Null: none. */
  ownKey: string | null;
};

const standardPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * @param host what the owner said on the command line, which wins over the environment; that wins over `config.json` in the state folder.
 * @throws StateError for a config.json that is no JSON object, or whose ownKey is no text.
 */
export function readConfig(host: { stateDir?: string; ownKey?: string | undefined } = {}, env = process.env): Config {
  const proxy = env.HTTPS_PROXY ?? env.https_proxy ?? "";
  const written = host.stateDir === undefined ? null : ownKeyIn(path.join(host.stateDir, "config.json"));
  return Object.freeze({
    path: env.PATH || standardPath,
    language: env.LANG || "C.UTF-8",
    proxyUrl: URL.canParse(proxy) ? proxy : null,
    proxyExceptions: (env.NO_PROXY ?? env.no_proxy ?? "")
      .split(",")
      .map((entry) => entry.trim())
      .filter((entry) => entry !== ""),
    ownKey: (host.ownKey ?? env.SALLYPORT_OWN_KEY ?? written) || null,
  });
}

function ownKeyIn(file: string): string | null {
  const text = readIfThere(file)?.toString();
  if (text === undefined) return null;
  const parsed = parseObject(text);
  if (parsed === null) throw new StateError(`${file} is no JSON object, such as {"ownKey": "own"}.`);
  const value: unknown = Reflect.get(parsed, "ownKey");
  if (value === undefined || value === null) return null;
  if (typeof value !== "string") throw new StateError(`ownKey in ${file} must be "own" or the path of a private key.`);
  return value;
}
