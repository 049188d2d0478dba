// What callers may send to fleet, and what an enrolling host sends.
import { textBytesMax } from "@sallyport/protocol/limits";
import { z } from "zod";
import { displayName, page } from "../platform/input.ts";

export const listAgents = page.extend({
  zoneId: z.string().optional(),
  state: z.enum(["online", "offline", "revoked"]).optional(),
});
export type ListAgents = z.infer<typeof listAgents>;
export const createZone = z.object({ name: displayName });
export const renameZone = z.object({ id: z.string(), name: displayName });
export const renameAgent = z.object({ id: z.string(), name: displayName });
export const moveAgent = z.object({ id: z.string(), zoneId: z.string() });
export const revokeAgent = z.object({ id: z.string(), reason: z.string().trim().max(500).default("") });
export const createEnrolmentToken = z.object({
  zoneId: z.string().optional(),
  name: displayName.optional(),
  hubUrl: z
    .url({ protocol: /^https$/ })
    .regex(/^[\w:/.[\]~%-]+$/, "must be plain: it becomes part of a shell line")
    .optional(),
});

/** Ed25519 keys and signatures, base64. */
const base64Of = (bytes: number) =>
  z
    .string()
    .refine(
      (text) => /^[A-Za-z0-9+/]+=*$/.test(text) && (text.length * 3) / 4 - (text.match(/=/g)?.length ?? 0) === bytes,
      `must be ${bytes} bytes in base64`,
    );
const factText = z.string().max(textBytesMax);

/** Facts of a host that is not an agent yet: what is not as it should be is left out, for the first link brings them again. */
const looseText = z.string().optional().catch(undefined);
const looseNumber = z.number().optional().catch(undefined);
const enrolFacts = z
  .object({
    hostname: looseText,
    osName: looseText,
    osVersion: looseText,
    kernel: looseText,
    arch: looseText,
    cpuModel: looseText,
    cpuCount: looseNumber,
    memoryBytes: looseNumber,
    memoryFreeBytes: looseNumber,
    disks: z
      .array(z.object({ mount: looseText, filesystem: looseText, sizeBytes: looseNumber, freeBytes: looseNumber }))
      .optional()
      .catch(undefined),
    addresses: z.array(z.string()).optional().catch(undefined),
    uptimeSeconds: looseNumber,
    user: looseText,
    root: z.boolean().optional().catch(undefined),
  })
  .optional()
  .catch(undefined);

export const enrol = z.object({
  token: z.string().min(1).max(200),
  publicKey: base64Of(32),
  hostname: factText.min(1),
  name: factText.optional(),
  proof: base64Of(64),
  facts: enrolFacts,
});
export type Enrol = z.infer<typeof enrol>;
export const installProgress = z.object({ token: z.string().min(1).max(200) });
