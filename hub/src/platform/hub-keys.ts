// The hub's own identity: the Ed25519 key that signs orders, and the certificates agents and installers pin. Made once, files of mode 0600.
import "reflect-metadata"; // @peculiar/x509 needs it loaded first
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  X509Certificate,
} from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import * as x509 from "@peculiar/x509";
import { hubServerName } from "@sallyport/protocol/hub-name";
import { newId } from "@sallyport/protocol/ids";
import { makePrivateFolder, writeFileWhole } from "./files.ts";

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const dayMs = 86_400_000;
const authorityDays = 3_650;
/** Apple and the CA/Browser Forum refuse server certificates longer than 825 days. */
const serverDays = 800;
const renewDays = 30;
/** Hosts with a clock behind ours must still see a valid certificate. */
const backdateDays = 7;

export type HubKeys = {
  hubId: string;
  signingKey: KeyObject;
  /** Raw 32 bytes of the order key, base64. */
  signingPublicKey: string;
  caPem: string;
  certPem: string;
  keyPem: string;
  /** `sha256//…` of the server key, as curl --pinnedpubkey wants it. Survives renewal of the certificate. */
  pin: string;
  certNotAfter: Date;
};

export async function loadHubKeys(dataDir: string, publicHost: string | null): Promise<HubKeys> {
  const folder = path.join(dataDir, "keys");
  makePrivateFolder(folder);
  const file = (name: string) => path.join(folder, name);
  const once = (name: string, make: () => string) => {
    if (!existsSync(file(name))) writeFileWhole(file(name), make());
    return readFileSync(file(name), "utf8");
  };
  const hubId = once("hub-id", () => newId("hub")).trim();
  const newP256 = () =>
    generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const signingKey = createPrivateKey(
    once("order-key.pem", () => generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString()),
  );
  const caKey = createPrivateKey(once("ca-key.pem", newP256));
  const serverKey = createPrivateKey(once("server-key.pem", newP256));

  if (!existsSync(file("ca.pem"))) writeFileWhole(file("ca.pem"), await makeAuthority(hubId, caKey));
  const caPem = readFileSync(file("ca.pem"), "utf8");
  const names = wantedNames(hubId, publicHost);
  if (!existsSync(file("server.pem")) || !covers(readFileSync(file("server.pem"), "utf8"), names)) {
    writeFileWhole(file("server.pem"), await makeServer(caPem, caKey, serverKey, names));
  }
  const certPem = readFileSync(file("server.pem"), "utf8");
  const spki = createPublicKey(serverKey).export({ type: "spki", format: "der" });
  return {
    hubId,
    signingKey,
    signingPublicKey: createPublicKey(signingKey).export({ type: "spki", format: "der" }).subarray(-32).toString("base64"),
    caPem,
    certPem,
    keyPem: serverKey.export({ type: "pkcs8", format: "pem" }).toString(),
    pin: `sha256//${createHash("sha256").update(spki).digest("base64")}`,
    certNotAfter: new Date(new X509Certificate(certPem).validTo),
  };
}

function wantedNames(hubId: string, publicHost: string | null): x509.JsonGeneralName[] {
  const addresses = Object.values(os.networkInterfaces()).flatMap((list) =>
    (list ?? []).filter((one) => !one.address.startsWith("fe80")).map((one) => one.address),
  );
  const hosts = [os.hostname(), "localhost", ...addresses, ...(publicHost === null ? [] : [publicHost])];
  const named = [...new Set(hosts)].map(
    (host): x509.JsonGeneralName => ({ type: /^[\d.]+$|:/.test(host) ? "ip" : "dns", value: host }),
  );
  return [{ type: "dns", value: hubServerName(hubId) }, ...named];
}

function covers(pem: string, names: x509.JsonGeneralName[]): boolean {
  const certificate = new X509Certificate(pem);
  if (new Date(certificate.validTo).getTime() - Date.now() < renewDays * dayMs) return false;
  return names.every(
    ({ type, value }) => (type === "ip" ? certificate.checkIP(value) : certificate.checkHost(value)) !== undefined,
  );
}

async function importPair(key: KeyObject): Promise<CryptoKeyPair> {
  const { subtle } = x509.cryptoProvider.get();
  const privateKey = await subtle.importKey("pkcs8", key.export({ type: "pkcs8", format: "der" }), algorithm, true, ["sign"]);
  const publicKey = await subtle.importKey(
    "spki",
    createPublicKey(key).export({ type: "spki", format: "der" }),
    algorithm,
    true,
    ["verify"],
  );
  return { privateKey, publicKey };
}

const validity = (days: number) => ({
  notBefore: new Date(Date.now() - backdateDays * dayMs),
  notAfter: new Date(Date.now() + days * dayMs),
});

async function makeAuthority(hubId: string, key: KeyObject): Promise<string> {
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: randomBytes(16).toString("hex").replace(/^./, "1"),
    name: `CN=Sallyport hub ${hubId}`,
    ...validity(authorityDays),
    signingAlgorithm: algorithm,
    keys: await importPair(key),
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
  });
  return certificate.toString("pem");
}

async function makeServer(caPem: string, caKey: KeyObject, serverKey: KeyObject, names: x509.JsonGeneralName[]): Promise<string> {
  const authority = new x509.X509Certificate(caPem);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: randomBytes(16).toString("hex").replace(/^./, "1"),
    subject: "CN=Sallyport hub",
    issuer: authority.subject,
    ...validity(serverDays),
    signingAlgorithm: algorithm,
    publicKey: (await importPair(serverKey)).publicKey,
    signingKey: (await importPair(caKey)).privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(names),
    ],
  });
  return certificate.toString("pem");
}
