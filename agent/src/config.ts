// What the environment may decide. The only file that reads process.env.

export type Config = {
  /** Where interpreters are looked up, and what scripts get as PATH. */
  path: string;
  /** LANG of terminals and scripts. */
  language: string;
  /** `http://host:port` of a proxy for WSS, or null. */
  proxyUrl: string | null;
  /** Hosts reached without the proxy: names and `.suffixes`, as NO_PROXY lists them. */
  proxyExceptions: string[];
};

const standardPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const proxy = env.HTTPS_PROXY ?? env.https_proxy ?? "";
  return Object.freeze({
    path: env.PATH || standardPath,
    language: env.LANG || "C.UTF-8",
    proxyUrl: URL.canParse(proxy) ? proxy : null,
    proxyExceptions: (env.NO_PROXY ?? env.no_proxy ?? "")
      .split(",")
      .map((entry) => entry.trim())
      .filter((entry) => entry !== ""),
  });
}
