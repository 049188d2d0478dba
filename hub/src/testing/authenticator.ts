// A passkey in software, as a browser would ask one: made for this site, and signing for it.
import { createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";

const sha256 = (bytes: string | Uint8Array): Buffer => createHash("sha256").update(bytes).digest();

/** CBOR (RFC 8949) of what a registration holds, in its shortest form: byte strings of 24 to 255 bytes, short texts. */
const bytesOf = (bytes: Uint8Array): Buffer => Buffer.concat([Buffer.from([0x58, bytes.length]), bytes]);
const textOf = (text: string): Buffer => Buffer.concat([Buffer.from([0x60 + text.length]), Buffer.from(text)]);

/** @param origin of the pages, `http://localhost:1234`. */
export function softwarePasskey(origin: string) {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const id = randomBytes(16);
  const { x = "", y = "" } = publicKey.export({ format: "jwk" });
  const site = new URL(origin).hostname;
  let counter = 0;
  const clientData = (type: string, challenge: string) =>
    Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin: false }));
  const head = (flags: number): Buffer => {
    const counted = Buffer.alloc(4);
    counted.writeUInt32BE(counter++);
    return Buffer.concat([sha256(site), Buffer.from([flags]), counted]);
  };
  const both = { id: id.toString("base64url"), rawId: id.toString("base64url"), type: "public-key", clientExtensionResults: {} };
  return {
    /** SPKI, DER. */
    publicKey: publicKey.export({ format: "der", type: "spki" }),
    /** What navigator.credentials.create() answers; attestation "none". */
    make({ challenge }: { challenge: string }) {
      // EC2, ES256, P-256 (RFC 9053): {1: 2, 3: -7, -1: 1, -2: x, -3: y}
      const key = Buffer.concat([
        Buffer.from([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21]),
        bytesOf(Buffer.from(x, "base64url")),
        Buffer.from([0x22]),
        bytesOf(Buffer.from(y, "base64url")),
      ]);
      const authData = Buffer.concat([head(0x45), Buffer.alloc(16), Buffer.from([0, id.length]), id, key]);
      const attestation = [
        textOf("fmt"),
        textOf("none"),
        textOf("attStmt"),
        Buffer.from([0xa0]),
        textOf("authData"),
        bytesOf(authData),
      ];
      const response = {
        clientDataJSON: clientData("webauthn.create", challenge).toString("base64url"),
        attestationObject: Buffer.concat([Buffer.from([0xa3]), ...attestation]).toString("base64url"),
      };
      return { ...both, response };
    },
    /** What navigator.credentials.get() answers. */
    answer({ challenge }: { challenge: string }) {
      const client = clientData("webauthn.get", challenge);
      const authenticatorData = head(0x05);
      const response = {
        clientDataJSON: client.toString("base64url"),
        authenticatorData: authenticatorData.toString("base64url"),
        signature: sign("sha256", Buffer.concat([authenticatorData, sha256(client)]), privateKey).toString("base64url"),
      };
      return { ...both, response };
    },
  };
}
