// How far a sign-in has come. Pure.
//
//   new ── password right ──┬── has a second factor ──▶ code ── right ──▶ in
//                           ├── must have one, has not ──▶ enrol ── confirmed ──▶ in
//                           └── neither ──▶ in
//
// Only "in" is signed in; a cookie of any other stage is nobody's. A row begins as "new", so what fails on the way lets nobody in.

export const signInStages = ["new", "code", "enrol", "in"] as const;
export type SignInStage = (typeof signInStages)[number];
/** What a person is asked for before being let in. */
export type PendingStage = "code" | "enrol";

/** What follows when the password was right. */
export function stageAfterPassword(person: { hasSecondFactor: boolean; needsSecondFactor: boolean }): SignInStage {
  if (person.hasSecondFactor) return "code";
  return person.needsSecondFactor ? "enrol" : "in";
}

/** Long enough to install an app and scan its code; a cookie left half-way is worth nothing afterwards. */
export const halfWayMs = 10 * 60_000;

export const pendingStage = (stage: SignInStage, createdAt: Date, now: Date): PendingStage | null =>
  (stage === "code" || stage === "enrol") && now.getTime() - createdAt.getTime() < halfWayMs ? stage : null;
