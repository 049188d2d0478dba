// How the agent knows its hub: by the authority and the name given at enrolment, never by the address dialled or the system's roots.
import tls from "node:tls";
import { hubServerName } from "@sallyport/protocol/hub-name";

export type HubTrust = { caPem: string; hubId: string };

/** For enrolment, the MQTT link and WSS alike. TLS 1.3 only: the exporter that binds a token to its connection is sound there. */
export function hubTls({ caPem, hubId }: HubTrust) {
  const servername = hubServerName(hubId);
  return {
    ca: [caPem],
    servername,
    minVersion: "TLSv1.3" as const,
    checkServerIdentity: (_host: string, certificate: tls.PeerCertificate) => tls.checkServerIdentity(servername, certificate),
  };
}
