// Whether an address is of a network. Pure.
import { BlockList, isIPv6 } from "node:net";

/** @param networks in CIDR notation, or single addresses; parsed before. @param address as a socket says it. */
export function isInside(networks: readonly string[], address: string): boolean {
  const list = new BlockList();
  for (const network of networks) {
    const [base = "", bits] = network.split("/");
    const family = isIPv6(base) ? "ipv6" : "ipv4";
    if (bits === undefined) list.addAddress(base, family);
    else list.addSubnet(base, Number(bits), family);
  }
  const plain = address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, ""); // how a socket for both families shows an IPv4 peer
  return list.check(plain, isIPv6(plain) ? "ipv6" : "ipv4");
}
