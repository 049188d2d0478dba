// The bytes that a public key's owner signs to be let in (RFC 4252 §7), read before they are signed: a hub that signs what it has not read
// signs for anybody.
//
//   string session identifier · byte 50 · string user name · string "ssh-connection" · string "publickey" · boolean TRUE · string algorithm · string key

export type AuthRequest = { bytes: Buffer; username: string; algorithm: string; publicKey: Buffer };

const userAuthRequest = 50;
/** SHA-512 is the longest exchange hash in use, SHA-1 the shortest. */
const sessionIdBytes = { least: 20, most: 64 };

/** Null for anything that is not exactly such a request, to its last byte. */
export function readAuthRequest(bytes: Buffer): AuthRequest | null {
  let at = 0;
  const string = (): Buffer | null => {
    if (at + 4 > bytes.length) return null;
    const length = bytes.readUInt32BE(at);
    if (at + 4 + length > bytes.length) return null;
    const value = bytes.subarray(at + 4, at + 4 + length);
    at += 4 + length;
    return value;
  };
  const byte = (): number | null => bytes[at++] ?? null;
  const sessionId = string();
  if (sessionId === null || sessionId.length < sessionIdBytes.least || sessionId.length > sessionIdBytes.most) return null;
  if (byte() !== userAuthRequest) return null;
  const username = string();
  const service = string();
  const method = string();
  if (service?.toString() !== "ssh-connection" || method?.toString() !== "publickey" || byte() !== 1) return null;
  const algorithm = string();
  const publicKey = string();
  if (username === null || algorithm === null || publicKey === null || at !== bytes.length) return null;
  return { bytes, username: username.toString("utf8"), algorithm: algorithm.toString("latin1"), publicKey };
}
