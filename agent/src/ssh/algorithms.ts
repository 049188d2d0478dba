// Which algorithms neighbours are offered, and what a neighbour offers itself. The order is the preference.
import type { Algorithms } from "ssh2";

const hardened = {
  // The NIST curves are what Windows' and many appliances' servers have beside SHA-1.
  kex: [
    "curve25519-sha256",
    "curve25519-sha256@libssh.org",
    "ecdh-sha2-nistp256",
    "ecdh-sha2-nistp384",
    "ecdh-sha2-nistp521",
    "diffie-hellman-group16-sha512",
    "diffie-hellman-group18-sha512",
  ],
  serverHostKey: [
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "rsa-sha2-512",
    "rsa-sha2-256",
  ],
  cipher: ["aes256-gcm@openssh.com", "aes128-gcm@openssh.com", "aes256-ctr", "aes128-ctr"],
  hmac: ["hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com"],
  compress: ["none"],
} satisfies Algorithms;

const legacy = {
  kex: ["diffie-hellman-group14-sha256", "diffie-hellman-group14-sha1", "diffie-hellman-group1-sha1"],
  serverHostKey: ["ssh-rsa"],
  cipher: ["aes256-cbc", "aes128-cbc", "3des-cbc"],
  hmac: ["hmac-sha2-256", "hmac-sha1"],
} satisfies Algorithms;

/** What to offer; the old ones come last, so that a neighbour that has better is not talked down. */
export function offered(legacyToo: boolean): Algorithms {
  if (!legacyToo) return hardened;
  return {
    kex: [...hardened.kex, ...legacy.kex],
    serverHostKey: [...hardened.serverHostKey, ...legacy.serverHostKey],
    cipher: [...hardened.cipher, ...legacy.cipher],
    hmac: [...hardened.hmac, ...legacy.hmac],
    compress: hardened.compress,
  };
}

/** By what SSH calls them, as a KEXINIT lists them (RFC 4253 §7.1); the directions from the neighbour to us. */
export type ServerOffer = { kex: string[]; serverHostKey: string[]; cipher: string[]; hmac: string[] };

const kexInit = 20;
/** Before the lists: packet length, padding length, message number, cookie. */
const listsAt = 4 + 1 + 1 + 16;

/** A neighbour's offer in the first bytes it sent, lines before its identification included; null when it is not (yet) there. */
export function readServerOffer(bytes: Buffer): ServerOffer | null {
  const identification = /(?:^|\n)SSH-[^\n]*\n/.exec(bytes.toString("latin1"));
  if (identification === null) return null;
  const packet = bytes.subarray(identification.index + identification[0].length);
  if (packet.length < listsAt || packet[5] !== kexInit) return null;
  const lists: string[][] = [];
  let at = listsAt;
  while (lists.length < 6) {
    if (at + 4 > packet.length) return null;
    const length = packet.readUInt32BE(at);
    at += 4;
    if (at + length > packet.length) return null;
    lists.push(packet.toString("latin1", at, at + length).split(","));
    at += length;
  }
  const [kex = [], serverHostKey = [], , cipher = [], , hmac = []] = lists;
  return { kex, serverHostKey, cipher, hmac };
}

const messageBytesMax = 512;

/** One sentence about the first kind of algorithm that the two sides have none of in common. Names of a hostile neighbour come as plain letters. */
export function noCommonAlgorithms(ours: Algorithms, theirs: ServerOffer | null): string {
  if (theirs === null) return "The neighbour and this agent have no algorithms in common.";
  const kinds = [
    ["key exchange", ours.kex, theirs.kex],
    ["host key", ours.serverHostKey, theirs.serverHostKey],
    ["cipher", ours.cipher, theirs.cipher],
    ["MAC", ours.hmac, theirs.hmac],
  ] as const;
  for (const [kind, own, other] of kinds) {
    const names = Array.isArray(own) ? own.map(String) : [];
    if (other.some((name) => names.includes(name))) continue;
    const offers = other.join(", ").replace(/[^\x20-\x7e]/g, "?");
    return `No ${kind} in common. The neighbour offers ${offers.slice(0, 220)}; this agent ${names.join(", ")}.`.slice(
      0,
      messageBytesMax,
    );
  }
  return "The neighbour and this agent have no algorithms in common.";
}
