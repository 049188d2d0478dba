// TLS to a database server, in the middle of what its protocol says. Against whoever only listens it helps always; against whoever stands between when
// the asset says whose certificate it must be.
import { isIP } from "node:net";
import tls from "node:tls";
import type { AssetInZone } from "../assets/assets.ts";
import { certificateCheckOf } from "../assets/certificate-checks.ts";
import type { Queryable } from "../platform/database.ts";
import { HubError } from "../platform/errors.ts";
import { closedError, ownHost, type ServerDial } from "./server-dial.ts";

/** Of one server. authorities: PEM; null: anybody's certificate will do. name: for whom it must be. */
export type ServerTrust = { asset: string; authorities: string | null; name: string };

export async function trustIn(db: Queryable, { asset }: AssetInZone): Promise<ServerTrust> {
  const check = await certificateCheckOf(db, asset.id);
  const name = check?.serverName ?? (asset.agentId === null ? asset.address : ownHost);
  return { asset: asset.name, authorities: check?.authorities ?? null, name: name.replace(/\.$/, "") };
}

const problems = {
  "no-tls": "it offers no TLS",
  expired: "it has expired",
  "not-yet": "its time has not begun",
  "other-name": "it is for another name",
  "not-vouched": "none of the asset's authorities vouches for it",
};

/** OpenSSL's words (verify(1)), and Node's for a name. Everything else is somebody's whom the authorities do not vouch for. */
const problemOf: Record<string, keyof typeof problems> = {
  CERT_HAS_EXPIRED: "expired",
  CERT_NOT_YET_VALID: "not-yet",
  ERR_TLS_CERT_ALTNAME_INVALID: "other-name",
};

export const refusedCertificate = ({ asset, name }: ServerTrust, why: keyof typeof problems): HubError =>
  new HubError(
    "certificate-refused",
    `The certificate of ${asset} is not accepted: ${problems[why]}. It must be for ${name}, by an authority that is named with the asset. An administrator of assets, or of the server, can change either.`,
    { facts: { asset, name, why } },
  );

/** Nothing has been said over it when it resolves. @throws HubError `certificate-refused`; what ended the connection. */
export async function beginTls(dial: ServerDial, trust: ServerTrust): Promise<tls.TLSSocket> {
  const { authorities, name } = trust;
  const secured = tls.connect({
    socket: dial,
    // Looked at below: Node itself would close what is underneath before it says why.
    rejectUnauthorized: false,
    ...(authorities === null
      ? {}
      : {
          ca: authorities,
          // RFC 6066 §3: an address is no server name.
          ...(isIP(name) === 0 ? { servername: name } : {}),
          checkServerIdentity: (_host: string, certificate: tls.PeerCertificate) => tls.checkServerIdentity(name, certificate),
        }),
  });
  secured.on("error", (error) => dial.destroy(error));
  await new Promise<void>((resolve, reject) => {
    secured.once("secureConnect", resolve);
    dial.once("close", () => reject(dial.errored ?? closedError()));
  });
  if (authorities === null || secured.authorized) return secured;
  throw refusedCertificate(trust, problemOf[String(secured.authorizationError)] ?? "not-vouched");
}
