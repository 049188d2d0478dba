// Why a hub could not be reached, in one sentence that says what to look at. Pure.
import { codeOf } from "../state/files.ts";

/** @param where `host:port` as dialled. */
export function explainDial(error: unknown, where: string): string {
  const code = codeOf(error);
  const text = sentences[code];
  if (text !== undefined) return `${where}: ${text}`;
  if (code.startsWith("ERR_TLS") || code.startsWith("ERR_SSL") || certificateCodes.has(code)) {
    return `${where}: the server there is not the hub this agent belongs to (${code}). The hub was made anew, or something stands between.`;
  }
  return `${where}: ${error instanceof Error ? error.message : String(error)}`;
}

const sentences: Record<string, string> = {
  ENOTFOUND: "this name is not known to the host's DNS.",
  EAI_AGAIN: "the host's DNS does not answer.",
  ECONNREFUSED: "nothing listens there. The hub is down, or the port is another.",
  EHOSTUNREACH: "no route to that host.",
  ENETUNREACH: "no route to that network.",
  ETIMEDOUT: "no answer in time. A firewall may drop the packets.",
  ECONNRESET: "the connection was cut. Something between may refuse TLS.",
  EPIPE: "the connection was cut.",
};

const certificateCodes = new Set([
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "CERT_SIGNATURE_FAILURE",
  "CERT_HAS_EXPIRED",
  "CERT_NOT_YET_VALID",
  "INVALID_CA",
]);

/** A deadline passed; carries the code that {@link explainDial} knows. */
export function timedOut(): Error {
  return Object.assign(new Error("no answer in time"), { code: "ETIMEDOUT" });
}
