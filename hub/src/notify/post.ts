// One POST to an address that somebody typed: where to is judged first, and what is dialled is what was judged. Follows no redirect, reads a bounded
// answer within a bounded time, and knows no proxy, which would resolve the name a second time.
import dns from "node:dns/promises";
import http from "node:http";
import https from "node:https";
import net from "node:net";
import ipaddr from "ipaddr.js";
import type { Answer, Outgoing } from "./channels/channel.ts";

/** From the name's question to the answer's last byte; a robot answers within one second. */
const answerWithinMs = 10_000;
/** A robot's answer is a line; what comes after this is not looked at. */
const answerBytesMax = 16 * 1024;

/** The address is one that the hub does not write to. */
export class AddressRefused extends Error {
  override name = "AddressRefused";
}

/** Outside for everybody. AWS, Azure, GCP and others; Alibaba; Azure's host; AWS and GCP over IPv6. Not even inside: credentials are told there. */
const metadata = ["169.254.169.254", "100.100.100.200", "192.0.0.192", "168.63.129.16", "fd00:ec2::254", "fd20:ce::254"].map(
  (address) => ipaddr.parse(address).toNormalizedString(),
);
/** What "addresses inside" means. Link-local is never meant, nor what is no single host's or hides another address in it. */
const inside: readonly string[] = ["private", "uniqueLocal", "carrierGradeNat", "loopback"];
/** RFC 4291 §2.5.5.1, which the library counts as unicast: an IPv4 address in other clothes. */
const compatible = ipaddr.IPv6.parseCIDR("::/96");

/** Null when it may be dialled. @param address as the resolver gave it. */
export function whyRefused(address: string, allowsInside: boolean): string | null {
  if (!ipaddr.isValid(address)) return `${address} is no address`;
  const parsed = ipaddr.process(address);
  const text = parsed.toNormalizedString();
  if (metadata.includes(text)) return `${address} is a cloud's metadata service`;
  const range = parsed.range();
  if (range === "unicast") {
    const hidden = parsed instanceof ipaddr.IPv6 && parsed.match(compatible);
    return hidden ? `${address} hides another address in it` : null;
  }
  if (!inside.includes(range)) return `${address} is no host's public address (${range})`;
  return allowsInside ? null : `${address} is inside (${range}), which this channel does not allow`;
}

/**
 * @throws AddressRefused before anything is sent; Error of the network, of TLS, or of its time.
 */
export async function post(
  request: Outgoing,
  { allowsInside, patienceMs = answerWithinMs }: { allowsInside: boolean; patienceMs?: number },
): Promise<Answer> {
  const url = new URL(request.url);
  if (url.protocol !== "https:" && !(url.protocol === "http:" && allowsInside))
    throw new AddressRefused("Only https is spoken outside.");
  const signal = AbortSignal.timeout(patienceMs);
  const tooLate = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(new Error(`No whole answer within ${patienceMs / 1_000} seconds.`)), {
      once: true,
    });
  });
  return Promise.race([exchange(url, request, allowsInside, signal), tooLate]);
}

async function exchange(url: URL, { headers, body }: Outgoing, allowsInside: boolean, signal: AbortSignal): Promise<Answer> {
  const hostname = url.hostname.replace(/^\[|\]$/g, "");
  const addresses =
    net.isIP(hostname) === 0 ? await dns.lookup(hostname, { all: true }) : [{ address: hostname, family: net.isIP(hostname) }];
  // All of them: a name that is also inside is not half outside.
  for (const { address } of addresses) {
    const why = whyRefused(address, allowsInside);
    if (why !== null) throw new AddressRefused(`Not dialled: ${why}.`);
  }
  const bytes = Buffer.from(body);
  return new Promise((resolve, reject) => {
    const dialling = (url.protocol === "https:" ? https : http).request(url, {
      method: "POST",
      headers: { ...headers, "content-length": bytes.length, "user-agent": "Sallyport" },
      agent: false, // nothing dialled before it was judged
      lookup: (_name, options, done) => {
        const [first] = addresses;
        if (options.all === true || first === undefined) done(null, addresses);
        else done(null, first.address, first.family);
      },
      signal,
    });
    dialling.on("error", reject);
    dialling.on("response", (response) => {
      const parts: Buffer[] = [];
      let length = 0;
      const finish = () => {
        resolve({
          status: response.statusCode ?? 0,
          retryAfter: response.headers["retry-after"] ?? null,
          body: Buffer.concat(parts).subarray(0, answerBytesMax).toString(),
        });
        response.destroy();
      };
      response.on("data", (part: Buffer) => {
        parts.push(part);
        length += part.length;
        if (length >= answerBytesMax) finish();
      });
      response.on("end", finish);
      response.on("error", reject);
    });
    dialling.end(bytes);
  });
}
