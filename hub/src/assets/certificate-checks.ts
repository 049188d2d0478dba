// Whose certificates an asset's database server may show: read once, kept with the asset, shown by who they are.
import { X509Certificate } from "node:crypto";
import { eq } from "drizzle-orm";
import type { Queryable, Transaction } from "../platform/database.ts";
import { HubError } from "../platform/errors.ts";
import { shortText } from "../platform/text.ts";
import { type CertificateCheck, certificatesIn, sqlProtocols } from "./input.ts";
import { type AssetRow, assetCertificateChecks } from "./schema.ts";

/** Null: nobody asks whose certificate it is. */
export async function certificateCheckOf(db: Queryable, assetId: string): Promise<CertificateCheck | null> {
  const [row] = await db.select().from(assetCertificateChecks).where(eq(assetCertificateChecks.assetId, assetId));
  return row === undefined ? null : { authorities: row.authorities, serverName: row.serverName };
}

/**
 * In the caller's transaction, who has locked the asset.
 *
 * @returns what there was and what there is, for the record.
 * @throws HubError `bad-input` for what is no certificate, and on an asset that offers no database that would be asked for one.
 */
export async function setCertificateCheck(
  tx: Transaction,
  { id, protocols }: Pick<AssetRow, "id" | "protocols">,
  check: CertificateCheck | null,
) {
  const before = presentCertificateCheck(await certificateCheckOf(tx, id));
  if (check === null) {
    await tx.delete(assetCertificateChecks).where(eq(assetCertificateChecks.assetId, id));
    return { before, after: null };
  }
  if (!protocols.some(({ name }) => sqlProtocols.some((one) => one === name)))
    throw new HubError("bad-input", "Only of MySQL, MariaDB and PostgreSQL the certificate is checked. Add the protocol first.");
  const read = certificatesIn(check.authorities).map((pem, at) => readCertificate(pem, at));
  const kept = { authorities: read.join(""), serverName: check.serverName };
  await tx
    .insert(assetCertificateChecks)
    .values({ assetId: id, ...kept })
    .onConflictDoUpdate({ target: assetCertificateChecks.assetId, set: kept });
  return { before, after: presentCertificateCheck(kept) };
}

function readCertificate(pem: string, at: number): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw new HubError("bad-input", `Certificate ${at + 1} cannot be read. Paste the whole file.`, { cause });
  }
}

/** Certificates are public, and long: who they are is what people compare. */
export const presentCertificateCheck = (check: CertificateCheck | null) =>
  check === null
    ? null
    : {
        authorities: certificatesIn(check.authorities).map((pem) => {
          const { subject, fingerprint256, validToDate } = new X509Certificate(pem);
          return {
            subject: shortText(subject.replaceAll("\n", ", "), 200),
            fingerprint: fingerprint256,
            expiresAt: validToDate.toISOString(),
          };
        }),
        serverName: check.serverName,
      };
