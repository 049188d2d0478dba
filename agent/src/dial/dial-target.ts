// What a dial may reach. Addresses and names are taken in one strict form only, so that nothing reads differently here than in the kernel;
// whatever belongs to this host, to its link or to a cloud's inside is refused unless the signed order allows that very address. Pure.
import net from "node:net";

export type DialRefusal = "bad-address" | "own-host" | "link-local" | "metadata" | "not-unicast" | "embedded-address" | "hub";

const refusalTexts: Record<DialRefusal, string> = {
  "bad-address": "The host is neither an address in its usual form nor a host name.",
  "own-host": "The address is the agent's own host.",
  "link-local": "The address is valid on one link only.",
  metadata: "The address is a cloud's metadata service.",
  "not-unicast": "The address is no single host's.",
  "embedded-address": "The address hides another one in it.",
  hub: "The address is the hub's.",
};

export const refusalText = (refusal: DialRefusal): string => refusalTexts[refusal];

/** RFC 1035 §2.3.4. */
const nameBytesMax = 253;
const label = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

const refusedNetworks: readonly [DialRefusal, ...string[]][] = [
  // Before the networks they lie in, so that the sentence is the right one. AWS, Azure, GCP and others; Alibaba; Oracle; Azure's host; AWS and GCP over IPv6.
  [
    "metadata",
    "169.254.169.254/32",
    "100.100.100.200/32",
    "192.0.0.192/32",
    "168.63.129.16/32",
    "fd00:ec2::254/128",
    "fd20:ce::254/128",
  ],
  ["own-host", "127.0.0.0/8", "0.0.0.0/8", "::1/128", "::/128"], // connecting to 0.0.0.0 reaches this host
  ["link-local", "169.254.0.0/16", "fe80::/10", "fec0::/10"],
  ["not-unicast", "224.0.0.0/4", "240.0.0.0/4", "192.0.0.0/24", "ff00::/8", "100::/64"],
  // Compatible, mapped, translated, NAT64 (two), 6to4, Teredo: RFC 4291 §2.5.5, 2765, 6052, 8215, 3056, 4380. A network's own NAT64 prefix
  // cannot be told from its other addresses.
  ["embedded-address", "::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32"],
];

/** A list for each family: Node finds a plain IPv4 address in a network of mapped ones. */
const lists = refusedNetworks.map(([refusal, ...networks]) => ({
  refusal,
  ipv4: blockList(networks.filter((network) => !network.includes(":"))),
  ipv6: blockList(networks.filter((network) => network.includes(":"))),
}));

/** The host as an address or a name; null when it is written in no form we take. */
export function readHost(host: string): { kind: "address" | "name"; host: string } | null {
  const family = net.isIP(host);
  if (family !== 0) return host.includes("%") ? null : { kind: "address", host: canonical(host) };
  const name = host.toLowerCase();
  const labels = name.split(".");
  const last = labels.at(-1) ?? "";
  // The last label of a name begins with a letter (RFC 1123 §2.1); what does not would be read as a number by some.
  const isName = name.length <= nameBytesMax && labels.every((each) => label.test(each)) && /^[a-z]/.test(last);
  return isName ? { kind: "name", host: name } : null;
}

/**
 * @param address canonical, as {@link readHost} or the resolver gave it.
 * @param host what this host is: its own addresses, the hub's, and those the order allows.
 */
export function whyRefused(
  address: string,
  host: { own: readonly string[]; hub: readonly string[]; allowed: readonly string[] },
): DialRefusal | null {
  const family = net.isIP(address);
  if (family === 0) return "bad-address";
  const plain = canonical(address);
  const among = (addresses: readonly string[]) => addresses.some((one) => net.isIP(one) !== 0 && canonical(one) === plain);
  if (among(host.allowed)) return null;
  const name = family === 4 ? "ipv4" : "ipv6";
  for (const list of lists) if (list[name].check(plain, name)) return list.refusal;
  if (among(host.own)) return "own-host";
  return among(host.hub) ? "hub" : null;
}

/** As inet_ntop(3) writes it; without a zone. */
const canonical = (address: string): string => {
  const bare = address.split("%", 1)[0] ?? "";
  return new net.SocketAddress({ address: bare, family: net.isIPv4(bare) ? "ipv4" : "ipv6" }).address;
};

function blockList(networks: string[]): net.BlockList {
  const list = new net.BlockList();
  for (const network of networks) {
    const [address = "", bits = ""] = network.split("/");
    list.addSubnet(address, Number(bits), net.isIPv4(address) ? "ipv4" : "ipv6");
  }
  return list;
}
