// What callers may send to identity.
import { z } from "zod";
import { byId, displayName, page } from "../platform/input.ts";

/** Length is what counts (NIST SP 800-63B §5.1.1); 200 bounds the work of hashing. */
export const password = z.string().min(10).max(200);
export const email = z.email().max(254).toLowerCase();
const token = z.string().min(1).max(200);
export const roleNames = ["admin", "auditor", "user"] as const;

export const setup = z.object({ token, name: displayName, email, password });
export const signIn = z.object({ email, password: z.string().min(1).max(200) });
export const acceptInvite = z.object({ token, name: displayName, password });
export const inviteInfo = z.object({ token });
export const changePassword = z.object({ current: z.string().min(1).max(200), next: password });
export const setLanguage = z.object({ language: z.enum(["en", "zh"]) });
export const listPeople = page.extend({ groupId: z.string().max(64).optional() });
export const invite = z.object({ email, name: displayName, role: z.enum(roleNames) });
export const setRole = z.object({ id: z.string(), role: z.enum(roleNames) });
export const createKey = z.object({ name: displayName, expiresInDays: z.number().int().min(1).max(3_650).optional() });

/** As many as a page of people shows: one transaction, one audit event. */
export const peopleAtOnceMax = 200;
const userIds = z.array(z.string().min(1).max(64)).min(1).max(peopleAtOnceMax);
export const listGroups = page;
export const createGroup = z.object({ name: displayName });
export const renameGroup = byId.extend({ name: displayName });
export const groupMembers = byId.extend({ userIds });
