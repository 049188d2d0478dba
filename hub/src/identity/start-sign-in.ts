// A sign-in that no password began: its row and its cookie, made as the library makes them. It lets nobody in before letIn().
import { serializeSignedCookie } from "better-call";
import type { IdentityDeps, Origin } from "./deps.ts";

export async function startSignIn(
  { library }: IdentityDeps,
  userId: string,
  origin: Origin,
): Promise<{ signInId: string; setCookie: string[] }> {
  const { internalAdapter, authCookies, secret, sessionConfig } = await library.$context;
  const made = await internalAdapter.createSession(userId, false, { ipAddress: origin.ip ?? "", userAgent: origin.userAgent });
  const { name, attributes } = authCookies.sessionToken;
  const cookie = await serializeSignedCookie(name, made.token, secret, { ...attributes, maxAge: sessionConfig.expiresIn });
  return { signInId: made.id, setCookie: [cookie] };
}
