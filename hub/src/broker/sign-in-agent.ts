// Decides whether a connection is the agent it says it is. The credential is the agent's own key; the token is tied to this connection.
import { checkLinkToken, peekLinkToken } from "@sallyport/protocol/link-token";
import { isAgentId } from "@sallyport/protocol/topics";
import { agentPublicKey } from "../fleet/enrol-agent.ts";
import type { LinkingAgent, LinkRows } from "../fleet/link-rows.ts";

/** MQTT-3.2.2.3: 2 identifier rejected, 4 bad user name or password, 5 not authorised. */
export type SignInRefusal = { code: string; returnCode: 2 | 4 | 5 };
export type SignInResult = { ok: true; agent: LinkingAgent } | ({ ok: false; agent: LinkingAgent | null } & SignInRefusal);

export async function signInAgent(
  { linkRows, hubId }: { linkRows: LinkRows; hubId: string },
  claim: { clientId: string; username: string; password: string; binding: Buffer },
): Promise<SignInResult> {
  const refuse = (code: string, returnCode: 2 | 4 | 5, agent: LinkingAgent | null = null): SignInResult => ({
    ok: false,
    code,
    returnCode,
    agent,
  });
  if (!isAgentId(claim.clientId)) return refuse("bad-client-id", 2);
  // One identity, said three times: a key of one agent must not open another's session.
  if (claim.username !== claim.clientId || peekLinkToken(claim.password) !== claim.clientId)
    return refuse("identity-mismatch", 2);
  const agent = await linkRows.agent(claim.clientId);
  if (agent === null) return refuse("unknown-agent", 4);
  const checked = checkLinkToken(claim.password, { hubId, publicKey: agentPublicKey(agent.publicKey), binding: claim.binding });
  if (!checked.ok) return refuse(checked.code, 4);
  if (agent.revokedAt !== null) return refuse("revoked", 5, agent);
  return { ok: true, agent };
}
