// The one line that installs an agent, and the addresses it may name. Pure but for the list of interfaces.
import os from "node:os";

export type Reach = { publicUrl: string | null; port: number };

/**
 * HTTPS addresses under which hosts may reach this hub, likeliest first: the configured one, the one the asker used, then this machine's own.
 * @param requested Host header of the request, which names this hub at least for the asker.
 */
export function hubUrls({ publicUrl, port }: Reach, requested: string | null): string[] {
  const own = Object.values(os.networkInterfaces()).flatMap((list) =>
    (list ?? []).filter((one) => !one.internal && one.family === "IPv4").map((one) => one.address),
  );
  const asked = requested === null || !/^[A-Za-z0-9.[\]:-]{1,255}$/.test(requested) ? [] : [`https://${requested}`];
  const urls = [
    ...(publicUrl === null ? [] : [publicUrl.replace(/^http:/, "https:")]),
    ...asked.filter((url) => !isLoopback(url)),
    ...own.map((address) => `https://${address}:${port}`),
    ...asked,
    `https://localhost:${port}`,
  ];
  return [...new Set(urls)];
}

const isLoopback = (url: string): boolean => /^https:\/\/(localhost|127\.|\[::1\])/.test(url);

/** Only characters that mean nothing to a shell between single quotes; anything else is refused before it gets here (a URL, a pin, a token). */
const quoted = (text: string): string => `'${text.replaceAll("'", "")}'`;

/**
 * `curl` checks the hub's key by its pin, so a self-made certificate is as good as a bought one; the token travels in the
 * environment, where other accounts cannot read it. When curl fails, the shell says why instead of running nothing and succeeding.
 */
export function installCommand({
  hubUrl,
  pin,
  token,
  prefix,
}: {
  hubUrl: string;
  pin: string;
  token: string;
  prefix?: string;
}): string {
  const failure = `echo "sallyport: no installer from ${hubUrl}; curl says why above (90: the key of the hub is another one, 7 or 28: no route)" >&2; exit 1`;
  const fetch = `curl -fsSk --connect-timeout 10 --pinnedpubkey ${quoted(pin)} ${quoted(`${hubUrl}/install.sh`)} || echo ${quoted(failure)}`;
  return `(${fetch}) | SALLYPORT_TOKEN=${quoted(token)} sh${prefix === undefined ? "" : ` -s -- --prefix ${prefix}`}`;
}
