// Lets somebody in whom another system has recognised, by the rules that hold for everybody: a second factor where the role asks for one.
import { eq } from "drizzle-orm";
import { recordAudit } from "../audit/record-audit.ts";
import type { Origin } from "../identity/deps.ts";
import { authSessions, type UserRow } from "../identity/schema.ts";
import { askForSecond, letIn } from "../identity/sign-in.ts";
import type { SignInStage } from "../identity/sign-in-stage.ts";
import { startSignIn } from "../identity/start-sign-in.ts";
import type { FederationDeps } from "./deps.ts";
import { type Recognised, recognise } from "./recognise.ts";
import { reasonOf } from "./refused.ts";
import type { ProviderRow } from "./schema.ts";

/**
 * @param shownAt when the person showed a factor there; null when the provider does not say. Grave acts ask for one shown lately.
 * @throws HubError `provider-refused`, which is on record by then.
 */
export async function enter(
  deps: FederationDeps,
  provider: ProviderRow,
  said: Recognised,
  shownAt: Date | null,
  origin: Origin,
): Promise<{ user: UserRow; stage: SignInStage; setCookie: string[] }> {
  const { identity } = deps;
  const user = await recordingRefusal(deps, provider, origin, () => recognise(deps, provider, said, origin.ip));
  const { signInId, setCookie } = await startSignIn(identity, user.id, origin);
  await identity.db.update(authSessions).set({ providerId: provider.id }).where(eq(authSessions.id, signInId));
  const second = await askForSecond(identity, user, signInId);
  const stage = second === "in" ? await letIn(identity, user, signInId, origin, shownAt) : second;
  return { user, stage, setCookie };
}

export async function recordingRefusal<T>(
  { identity }: FederationDeps,
  provider: ProviderRow,
  origin: Origin,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const reason = reasonOf(error);
    if (reason !== null)
      await identity.db.transaction((tx) =>
        recordAudit(tx, {
          kind: "person.provider-refused",
          orgId: provider.orgId,
          actor: null,
          subject: { kind: "provider", id: provider.id, name: provider.name },
          ip: origin.ip,
          data: { reason },
        }),
      );
    throw error;
  }
}
