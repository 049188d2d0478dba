// An authority and a server's certificate, made for one test.
import "reflect-metadata"; // @peculiar/x509 needs it loaded first
import * as x509 from "@peculiar/x509";

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const dayMs = 86_400_000;

/** @param names that the certificate is for; by default valid from yesterday to tomorrow. @param options.authority how it is called that signs it. */
export async function makeCertificates(
  names: { type: "dns" | "ip"; value: string }[],
  { notAfter = new Date(Date.now() + dayMs), authority = "test authority" }: { notAfter?: Date; authority?: string } = {},
): Promise<{ caPem: string; certPem: string; keyPem: string }> {
  const newKeys = () => crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const dates = { notBefore: new Date(Date.now() - 2 * dayMs), notAfter: new Date(Date.now() + dayMs) };
  const caKeys = await newKeys();
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${authority}`,
    keys: caKeys,
    signingAlgorithm: algorithm,
    ...dates,
    extensions: [new x509.BasicConstraintsExtension(true, 1, true)],
  });
  const keys = await newKeys();
  const cert = await x509.X509CertificateGenerator.create({
    subject: "CN=receiver",
    issuer: ca.subject,
    publicKey: keys.publicKey,
    signingKey: caKeys.privateKey,
    signingAlgorithm: algorithm,
    ...dates,
    notAfter,
    extensions: [new x509.SubjectAlternativeNameExtension(names)],
  });
  const pkcs8 = Buffer.from(await crypto.subtle.exportKey("pkcs8", keys.privateKey));
  const keyPem = `-----BEGIN PRIVATE KEY-----\n${pkcs8.toString("base64")}\n-----END PRIVATE KEY-----\n`;
  return { caPem: ca.toString("pem"), certPem: cert.toString("pem"), keyPem };
}
