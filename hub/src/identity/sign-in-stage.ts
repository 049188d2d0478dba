// How far a sign-in has come. Pure.
//
//   new ── password right ──┬── has an app ──▶ code ── right ────────────────────┐
//                           ├── must show one, has a passkey ──▶ passkey ── shown ┤
//                           ├── must have one, has not ──▶ enrol ── confirmed ───┤
//                           └── neither ─────────────────────────────────────────┤
//                                                                                ▼
//                             ┌── a new one ── password ◀── too old, or must be changed
//                             ▼                                                  │
//                      rules of signing in ◀───────────────────── neither ───────┘
//                       │              └── somebody looks first ──▶ review ── let through ──┐
//                       └──────────────────────────▶ in ◀──────────────────────────────────┘
//
// Only "in" is signed in; a cookie of any other stage is nobody's. A row begins as "new", so what fails on the way lets nobody in.

export const signInStages = ["new", "code", "passkey", "enrol", "password", "review", "in"] as const;
export type SignInStage = (typeof signInStages)[number];
/** What a person is asked for, or waits for, before being let in. */
export type PendingStage = "code" | "passkey" | "enrol" | "password" | "review";

/** What follows when the password was right; "in" is where goOn() decides. */
export function stageAfterPassword(person: { hasApp: boolean; hasPasskey: boolean; needsSecondFactor: boolean }): SignInStage {
  if (person.hasApp) return "code";
  if (!person.needsSecondFactor) return "in";
  return person.hasPasskey ? "passkey" : "enrol";
}

/** Long enough to install an app and scan its code; a cookie left half-way is worth nothing afterwards. */
export const halfWayMs = 10 * 60_000;

/** Somebody else looks at it when he can; by tomorrow it is begun anew. */
export const reviewedWithinMs = 24 * 3_600_000;

export const pendingStage = (stage: SignInStage, createdAt: Date, now: Date): PendingStage | null =>
  (stage === "code" || stage === "passkey" || stage === "enrol" || stage === "password" || stage === "review") &&
  now.getTime() - createdAt.getTime() < (stage === "review" ? reviewedWithinMs : halfWayMs)
    ? stage
    : null;
